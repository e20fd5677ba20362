//! The ways by which bytes from outside come into the program.
//!
//! Each makes a call of the program from a fuzzer's bytes. The first byte chooses the options, the
//! rest is what is read. Used by the targets, and by `tests/it/fuzz.rs` for what they have found.

/// Words, the program's name first, and what lies on standard input.
#[derive(Debug, Default)]
pub struct Call {
    pub words: Vec<Vec<u8>>,
    pub input: Vec<u8>,
    /// The kernel is to refuse all changes.
    pub powerless: bool,
    /// Below /etc, and what lies there; nothing else does.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// What is said instead of the kernel's answers, request by request; see [`reply`].
    pub answers: Option<Vec<Answer>>,
}

/// The messages that answer one request, each with its header.
pub type Answer = Vec<Vec<u8>>;

/// `None` for bytes that are not to be run.
pub type Door = fn(&[u8]) -> Option<Call>;

/// All of them, by the name of the target and of the corpus.
pub const DOORS: &[(&str, Door)] = &[
    ("messages", messages),
    ("ipsec", ipsec),
    ("saved", saved),
    ("words", words),
    ("rules", rules),
    ("batch", batch),
    ("names", names),
    ("settings", settings),
    ("answers", answers),
];

fn call(line: &str, more: &[&[u8]], input: Vec<u8>) -> Call {
    let words = line.split(' ').map(|w| w.as_bytes().to_vec());
    Call { words: words.chain(more.iter().map(|w| w.to_vec())).collect(), input, ..Call::default() }
}

/// The types of messages that `ip monitor` knows (linux/rtnetlink.h), and one that it does not.
const KINDS: &[u16] = &[
    16, 17, 20, 21, 24, 25, 28, 29, 30, 32, 33, 52, 58, 62, 72, 73, 80, 81, 82, 88, 89, 92, 94, 96,
    104, 105, 116, 117, 118, 15, 99,
];

/// The kernel's messages: `ip monitor file`. Framed here, so that the fuzzer's time goes into what
/// is inside: kind, length in eights, payload, one behind the other; an odd first byte leaves them as they are.
pub fn messages(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
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
    let input = framed(first, rest, KINDS)?;
    Some(call(line, &[b"file", b"/dev/stdin"], input))
}

/// The types of messages that `ip xfrm monitor` knows (linux/xfrm.h), and two that it does not.
const IPSEC_KINDS: &[u16] = &[16, 17, 19, 20, 23, 24, 25, 26, 27, 28, 29, 30, 32, 38, 40, 31, 99];

/// The same of IPsec: `ip xfrm monitor file`.
pub fn ipsec(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
    let line = [
        "ip xfrm monitor all",
        "ip -s xfrm monitor all",
        "ip -s -o xfrm monitor nokeys",
        "ip -ts -s xfrm monitor all-nsid",
    ][usize::from(first >> 1 & 3)];
    let input = framed(first, rest, IPSEC_KINDS)?;
    Some(call(line, &[b"file", b"/dev/stdin"], input))
}

/// Messages from bytes, as [`messages`] says.
fn framed(first: u8, data: &[u8], kinds: &[u16]) -> Option<Vec<u8>> {
    let mut rest = data;
    let mut input = Vec::new();
    if first & 1 == 1 {
        input = rest.to_vec();
    }
    while first & 1 == 0
        && let [kind, len, behind @ ..] = rest
    {
        let (payload, next) = behind.split_at(behind.len().min(usize::from(*len) * 8));
        let kind = kinds[usize::from(*kind) % kinds.len()];
        let whole = u32::try_from(16 + payload.len()).ok()?;
        input.extend_from_slice(&whole.to_ne_bytes());
        input.extend_from_slice(&kind.to_ne_bytes());
        input.extend_from_slice(&[0; 10]);
        input.extend_from_slice(payload);
        input.resize(input.len().next_multiple_of(4), 0);
        rest = next;
    }
    Some(input)
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
    #[rustfmt::skip]
    const OBJECTS: &[&str] = &[
        "link", "address", "route", "neigh", "rule", "nexthop", "addrlabel", "ntable", "maddress",
        "netconf", "token", "tcp_metrics", "mroute", "mrule", "macsec", "l2tp", "fou", "ila", "ioam",
        "sr", "mptcp", "stats", "tunnel", "xfrm state", "xfrm policy",
    ];
    const OPTIONS: &[&str] = &[
        "ip -force -batch -",
        "ip -d -force -batch -",
        "ip -j -d -force -batch -",
        "ip -6 -force -batch -",
        "ip -4 -o -s -force -batch -",
        "ip -br -force -batch -",
        "ip -echo -N -force -batch -",
        "ip -j -6 -s -force -batch -",
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
    let line = OPTIONS[usize::from(first) / OBJECTS.len() % OPTIONS.len()];
    Some(Call { powerless: true, ..call(line, &[], input) })
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

/// A batch as a file: blanks, quotes, comments, continuations, lines longer than what is read at
/// once. What the lines say is harmless, since each begins with an object that only shows; the
/// first byte of a line chooses how, the second how often the rest is repeated.
pub fn batch(data: &[u8]) -> Option<Call> {
    const LEADS: &[&str] = &[
        "rule show ",
        "\t rule\r show",
        "'rule' \"show\" ",
        "# ",
        "rule \\\nrule ",
        "address show # ",
        "rule show \\\n rule ",
        "rule 'show",
    ];
    const LONGEST: usize = 70_000;
    let mut input = Vec::new();
    for line in data.split(|&b| b == b'\n').take(12) {
        if let [lead, times, rest @ ..] = line {
            input.extend_from_slice(LEADS[usize::from(*lead) % LEADS.len()].as_bytes());
            let times = 1 << (usize::from(*times) % 16);
            let most = LONGEST / rest.len().max(1);
            for _ in 0..times.min(most) {
                input.extend_from_slice(rest);
            }
        }
        input.push(b'\n');
    }
    let force =
        if data.len().is_multiple_of(2) { "ip -force -batch -" } else { "ip -d -j -batch -" };
    Some(Call { powerless: true, ..call(force, &[], input) })
}

/// Files that numbers and names are looked up in, with what looks up both.
pub fn names(data: &[u8]) -> Option<Call> {
    const FILES: &[&str] = &[
        "iproute2/rt_tables",
        "iproute2/rt_tables.d/more.conf",
        "iproute2/rt_protos",
        "iproute2/rt_scopes",
        "iproute2/rt_realms",
        "iproute2/rt_dsfield",
        "iproute2/rt_addrprotos",
        "iproute2/group",
        "iproute2/protodown_reasons",
        "hosts",
        "networks",
        "services",
        "protocols",
        "passwd",
        "nsswitch.conf",
        "host.conf",
    ];
    const LINES: &str = "route show table red proto blue scope green realm red/blue tos red\n\
        link show group red\naddress show proto red scope blue\n\
        route get 127.0.0.1 ipproto red dport blue sport 7 uid green\n\
        rule add from 10.0.0.0/8 table red realms red/blue protocol blue ipproto red dport blue\n\
        link set lo protodown_reason red on\n";
    const RULES: &str = "*filter\n-A INPUT -s red -d blue -p green\n\
        -A INPUT -p tcp --dport red:blue -j ACCEPT\n-A INPUT -p udp -m multiport --ports red,blue,7\n\
        -A INPUT -m tos --tos red\n-A OUTPUT -m owner --uid-owner red -s 127.0.0.1/255.0.255.0\nCOMMIT\n";
    let (&first, rest) = data.split_first()?;
    let file = FILES[usize::from(first) % FILES.len()];
    let made = match first / 16 % 4 {
        0 => call("ip -force -batch -", &[], LINES.into()),
        1 => call("iptables-restore --test", &[], RULES.into()),
        2 => call("ip -d -r monitor all file /dev/stdin", &[], recorded()),
        _ => call("ip __complete -- route show table", &[b""], Vec::new()),
    };
    Some(Call { powerless: true, files: vec![(file, rest.to_vec())], ..made })
}

/// A route, a rule, an address, a neighbour and a device whose numbers are 1.
fn recorded() -> Vec<u8> {
    let attr = |kind: u16, value: &[u8]| {
        let len = u16::try_from(4 + value.len()).unwrap_or(4);
        [&len.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat()
    };
    let one = 1u32.to_ne_bytes();
    let (ten, lo) = ([10, 0, 0, 1], [127, 0, 0, 1]);
    let route = [
        &[2, 32, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0][..],
        &attr(1, &ten),
        &attr(5, &lo),
        &attr(11, &one),
    ];
    let rule = [
        &[2, 32, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0][..],
        &attr(1, &ten),
        &attr(11, &one),
        &attr(15, &one),
    ];
    let addr = [&[2, 32, 0, 1, 1, 0, 0, 0][..], &attr(1, &lo), &attr(2, &lo), &attr(11, &one)];
    let neigh = [&[2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1][..], &attr(1, &lo), &attr(12, &one)];
    let link = [
        &[0, 0, 4, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &attr(3, b"lo\0\0"),
        &attr(27, &one),
    ];
    let all = [
        (24, route.concat()),
        (32, rule.concat()),
        (20, addr.concat()),
        (28, neigh.concat()),
        (16, link.concat()),
    ];
    all.iter().flat_map(|(kind, payload)| message(*kind, 0, payload)).collect()
}

/// A file as sysctl.conf(5) describes it, read and not applied.
pub fn settings(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
    let line = [
        "sysctl --dry-run -p -",
        "sysctl --dry-run -e -q -p -",
        "sysctl --dry-run -r net -p -",
        "sysctl --dry-run -N -p -",
    ][usize::from(first & 3)];
    Some(call(line, &[], rest.to_vec()))
}

/// What the kernel answers, listed: each object that is read from it.
pub fn answers(data: &[u8]) -> Option<Call> {
    let (&first, rest) = data.split_first()?;
    let (line, kinds) = VIEWS[usize::from(first) % VIEWS.len()];
    let mut all = vec![Answer::new()];
    let mut rest = rest;
    while let Some((kind, behind)) = rest.split_first() {
        if *kind == END {
            all.push(Answer::new());
            rest = behind;
            continue;
        }
        let Some((len, behind)) = behind.split_first_chunk() else { break };
        let len = usize::from(u16::from_le_bytes(*len)) % 4096;
        let (payload, next) = behind.split_at(behind.len().min(len));
        let flags = 2 | if kind & 64 != 0 { 0x10 } else { 0 };
        let mut whole = message(kinds[usize::from(kind & 31) % kinds.len()], flags, payload);
        if kind & 32 != 0 {
            // Longer than it is.
            whole[0] = whole[0].wrapping_add(8);
        }
        all.last_mut()?.push(whole);
        rest = next;
    }
    Some(Call { answers: Some(all), ..call(line, &[], Vec::new()) })
}

/// Behind the answer to a request, in what [`answers`] reads.
pub const END: u8 = 0xff;

/// Commands that show, and the types of the messages that they are answered with. The first two
/// end an answer: NLMSG_ERROR, NLMSG_DONE. RTM_* of linux/rtnetlink.h, NFT_MSG_* of
/// linux/netfilter/nf_tables.h.
#[rustfmt::skip] // one row, one line
pub const VIEWS: &[(&str, &[u16])] = &[
    ("ip -d -s -s link", LINK), ("ip -j -d link", LINK), ("ip -br link", LINK),
    ("ip -d addr", LINK), ("ip -j -s addr", LINK), ("ip -br -6 addr", LINK),
    ("ip -d route show table all", ROUTE), ("ip -j -d route", ROUTE), ("ip -6 -o route", ROUTE),
    ("ip -s neigh", &[2, 3, 28]), ("ip -j neigh show proxy", &[2, 3, 28]),
    ("ip -d rule", &[2, 3, 32]), ("ip -j rule", &[2, 3, 32]),
    ("ip -d -s nexthop", ROUTE), ("ip -j -d nexthop", ROUTE), ("ip -j nexthop bucket", &[2, 3, 116]),
    ("ip -j addrlabel", &[2, 3, 72]), ("ip ntable", &[2, 3, 64]), ("ip -j ntable", &[2, 3, 64]),
    ("ip -d netconf", &[2, 3, 80]), ("ip -j stats", &[2, 3, 92]), ("ip stats", &[2, 3, 92]),
    ("ip -d maddress", &[2, 3, 56, 58]), ("ip -s mroute", ROUTE), ("ip netns list-id", &[2, 3, 88]),
    ("ip -j token", LINK), ("ip route get 10.0.0.1", ROUTE), ("ip link xstats type bridge", &[2, 3, 92]),
    ("ip -d address save", LINK), ("ip route save", ROUTE),
    ("ip -s tcp_metrics", GENERIC), ("ip -d -s macsec show", GENERIC), ("ip -j l2tp show tunnel", GENERIC),
    ("ip mptcp endpoint", GENERIC), ("ip -j fou show", GENERIC), ("ip ioam namespace show", GENERIC),
    ("iptables -S", NFT), ("iptables -L -n -v --line-numbers", NFT), ("iptables-save -c", NFT),
    ("ip6tables-save", NFT), ("iptables -t nat -S", NFT), ("ip6tables -t mangle -L -n -x -v", NFT),
    ("iptables -Z", NFT), ("iptables -D INPUT 1", NFT),
];

const LINK: &[u16] = &[2, 3, 16, 20, 88];
const ROUTE: &[u16] = &[2, 3, 24, 16, 104, 28, 32];
/// The family's own, and the types that a family of generic netlink may get (GENL_ID_CTRL first).
const GENERIC: &[u16] =
    &[2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36];
const NFT: &[u16] = &[2, 3, 0xa00, 0xa03, 0xa06, 0xa09, 0xa0c, 0xa0f, 0xb00];

/// A message of netlink whose number is not known yet.
fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(16 + payload.len()).unwrap_or(16);
    let mut m =
        [&len.to_ne_bytes()[..], &kind.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8], payload]
            .concat();
    m.resize(m.len().next_multiple_of(4), 0);
    m
}

/// What a request is answered with, datagram by datagram: the messages of `answer`, numbered as the
/// request is, and an end, lest somebody wait for one. One that says it is longer than it is has been
/// cut, and its datagram with it. A change that nothing is said about is done.
pub fn reply(request: &[u8], answer: Option<Answer>) -> Vec<Vec<u8>> {
    const ACK: u16 = 4;
    const DUMP: u16 = 0x300;
    let Some(header) = request.first_chunk::<16>() else { return Vec::new() };
    let flags = u16::from_ne_bytes([header[6], header[7]]);
    let seq = &header[8..12];
    let errno: i32 = if flags & ACK != 0 { 0 } else { -2 };
    let end = if flags & DUMP == DUMP {
        message(3, 2, &[0; 4])
    } else {
        message(2, 0, &[&errno.to_ne_bytes()[..], header].concat())
    };
    let mut datagram = Vec::new();
    let mut all = Vec::new();
    for mut m in answer.unwrap_or_default().into_iter().chain([end]) {
        m[8..12].copy_from_slice(seq);
        if datagram.len() + m.len() > 32 * 1024 {
            all.push(std::mem::take(&mut datagram));
        }
        let cut = m.first_chunk().is_some_and(|len| u32::from_ne_bytes(*len) as usize > m.len());
        datagram.extend(m);
        if cut {
            all.push(std::mem::take(&mut datagram));
        }
    }
    all.push(datagram);
    all
}
