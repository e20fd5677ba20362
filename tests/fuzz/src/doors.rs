//! The ways by which bytes from outside come into the program.
//!
//! Each makes a call of the program from a fuzzer's bytes. The first byte chooses the options, the
//! rest is what is read. Used by the targets, and by `tests/it/fuzz.rs` for what they have found.

/// Words, the program's name first, and what lies on standard input.
#[derive(Debug)]
pub struct Call {
    pub words: Vec<Vec<u8>>,
    pub input: Vec<u8>,
    /// The kernel is to refuse all changes.
    pub powerless: bool,
}

/// `None` for bytes that are not to be run.
pub type Door = fn(&[u8]) -> Option<Call>;

/// All of them, by the name of the target and of the corpus.
pub const DOORS: &[(&str, Door)] =
    &[("messages", messages), ("saved", saved), ("words", words), ("rules", rules)];

fn call(line: &str, more: &[&[u8]], input: Vec<u8>) -> Call {
    let words = line.split(' ').map(|w| w.as_bytes().to_vec());
    Call { words: words.chain(more.iter().map(|w| w.to_vec())).collect(), input, powerless: false }
}

/// The types of messages that `ip monitor` knows (linux/rtnetlink.h), and one that it does not.
const KINDS: &[u16] = &[
    16, 17, 20, 21, 24, 25, 28, 29, 30, 32, 33, 52, 58, 62, 72, 73, 80, 81, 82, 88, 89, 92, 94, 96,
    104, 105, 116, 117, 118, 15, 99,
];

/// The kernel's messages: `ip monitor file`. Framed here, so that the fuzzer's time goes into what
/// is inside: kind, length in eights, payload, one behind the other; an odd first byte leaves them as they are.
pub fn messages(data: &[u8]) -> Option<Call> {
    let (&first, mut rest) = data.split_first()?;
    let line = [
        "ip monitor all",
        "ip -d monitor all",
        "ip -j -d monitor all",
        "ip -s -s -d -o monitor all",
        "ip -j -p -s -s monitor all",
        "ip -br monitor all",
        "ip -d -N -h monitor all",
        "ip -d -ts monitor all dev lo",
    ][usize::from(first >> 1 & 7)];
    let mut input = Vec::new();
    if first & 1 == 1 {
        input = rest.to_vec();
    }
    while first & 1 == 0
        && let [kind, len, behind @ ..] = rest
    {
        let (payload, next) = behind.split_at(behind.len().min(usize::from(*len) * 8));
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        let whole = u32::try_from(16 + payload.len()).ok()?;
        input.extend_from_slice(&whole.to_ne_bytes());
        input.extend_from_slice(&kind.to_ne_bytes());
        input.extend_from_slice(&[0; 10]);
        input.extend_from_slice(payload);
        input.resize(input.len().next_multiple_of(4), 0);
        rest = next;
    }
    Some(call(line, &[b"file", b"/dev/stdin"], input))
}

/// What `save` has written: `showdump`. Not `restore`, which sends it on as it is: what Linux 6.18 falls
/// over (see [`words`]) can lie in it, too.
pub fn saved(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
    let (line, magic) = [
        ("ip route showdump", 0x4531_1224_u32),
        ("ip -d -j route showdump", 0x4531_1224),
        ("ip address showdump", 0x4736_1222),
        ("ip -d -j address showdump", 0x4736_1222),
    ][usize::from(first & 3)];
    Some(call(line, &[], [&magic.to_ne_bytes(), rest].concat()))
}

/// Lines of a batch, each with an object before it that runs no other program and waits for
/// nothing.
pub fn words(data: &[u8]) -> Option<Call> {
    const OBJECTS: &[&str] = &[
        "link",
        "address",
        "route",
        "neigh",
        "rule",
        "nexthop",
        "addrlabel",
        "ntable",
        "maddress",
        "netconf",
        "token",
        "-d link",
        "-j route",
        "-6 route",
        "-j -d address",
        "-6 neigh",
    ];
    // Linux 6.18 falls over such options of a tunnel (ip_tun_parse_opts) with the lock of all
    // devices in its hands; a fuzzer would find it.
    if data.windows(4).any(|w| w == b"opts") {
        return None;
    }
    let (&first, rest) = data.split_first()?;
    let mut at = usize::from(first);
    let mut input = Vec::new();
    for line in rest.split(|&b| b == b'\n').take(40) {
        input.extend_from_slice(OBJECTS[at % OBJECTS.len()].as_bytes());
        input.push(b' ');
        input.extend_from_slice(line);
        input.push(b'\n');
        at += usize::from(line.first().copied().unwrap_or(0));
    }
    Some(Call { powerless: true, ..call("ip -force -batch -", &[], input) })
}

/// Rules as `iptables-save` writes them; the kernel judges them and applies nothing.
pub fn rules(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
    // --modprobe and the like run a program; no line of a restored file can.
    let line = [
        "iptables-restore --test",
        "ip6tables-restore --test",
        "iptables-restore --test --counters --noflush",
        "ip6tables-restore --test --verbose",
    ][usize::from(first & 3)];
    Some(call(line, &[], rest.to_vec()))
}
