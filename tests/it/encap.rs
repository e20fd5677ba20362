//! Encapsulations of routes, from recorded messages: also those that no kernel here makes, and
//! those that are cut.
//!
//! What is typed and sent is compared in tests/cases/ip-route/encap.cases and
//! tests/cases/vm/encap.cases.

use crate::lab::{Lab, Tool};
use crate::monitor::{attr, is_object, message};
use std::net::Ipv6Addr;

fn six(text: &str) -> [u8; 16] {
    text.parse::<Ipv6Addr>().expect("an address").octets()
}

/// A route to 10.0.N.0/24 with an encapsulation.
fn route(n: u8, kind: u16, nest: &[u8]) -> Vec<u8> {
    let mut r = vec![2, 24, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0];
    r.extend(attr(1, &[10, 0, n, 0]));
    r.extend(attr(22, nest));
    r.extend(attr(21, &kind.to_ne_bytes()));
    r.extend(attr(4, &1u32.to_ne_bytes()));
    message(24, &r)
}

/// A segment routing header with the segments in their order on the wire, the last one first.
fn srh(segs: &[&str], hmac: Option<u32>) -> Vec<u8> {
    let mut body: Vec<u8> = segs.iter().flat_map(|s| six(s)).collect();
    let last = u8::try_from(segs.len() - 1).expect("few");
    if let Some(key) = hmac {
        body.extend([5, 38, 0, 0]);
        body.extend(key.to_be_bytes());
        body.extend([0; 32]);
    }
    let len = u8::try_from(body.len() / 8).expect("few");
    let flags = if hmac.is_some() { 8 } else { 0 };
    [vec![0, len, 4, last, last, flags, 0, 0], body].concat()
}

/// Each encapsulation with all it can have, what the text is and what the JSON.
fn recorded() -> Vec<(u16, Vec<u8>, &'static str, &'static str)> {
    let seg6 = |mode: i32, srh: Vec<u8>| attr(1, &[mode.to_ne_bytes().to_vec(), srh].concat());
    let u32s = |kind, v: u32| attr(kind, &v.to_ne_bytes());
    let trace = [0, 1, 0, 3, 0x80, 0, 0, 0];
    let geneve = [attr(1, &[0, 1]), attr(2, &[2]), attr(3, &[0xaa, 0xbb, 0xcc, 0xdd])].concat();
    let erspan = |version| {
        [attr(1, &[version]), attr(2, &[0, 0, 0, 5]), attr(3, &[1]), attr(4, &[63])].concat()
    };
    let counters = [2, 3, 4].map(|kind| attr(kind, &u64::from(kind).to_ne_bytes())).concat();
    let program = |name: &[u8]| [u32s(1, 7), attr(2, name)].concat();
    vec![
        (
            1,
            [attr(1, &[0, 6, 0x40, 0, 0, 12, 0x81, 0]), attr(2, &[5])].concat(),
            "mpls  100/200 ttl 5 ",
            r#""mpls","dst":"100/200","ttl":5"#,
        ),
        (
            2,
            [
                attr(1, &[0, 0, 0, 0, 0, 0, 0, 5]),
                attr(2, &[1, 1, 1, 1]),
                attr(3, &[2, 2, 2, 2]),
                attr(4, &[7]),
                attr(5, &[8]),
                attr(6, &[0, 13]),
            ]
            .concat(),
            "ip id 5 src 2.2.2.2 dst 1.1.1.1 ttl 7 tos 8 key csum seq ",
            r#""ip","id":5,"src":"2.2.2.2","dst":"1.1.1.1","ttl":7,"tos":8,"key":true,"csum":true,"seq":true"#,
        ),
        (
            2,
            attr(8, &attr(1, &geneve)),
            "ip \n\tgeneve_opts 1:2:aabbccdd ",
            r#""ip","geneve_opts":[{"class":1,"type":2,"data":"aabbccdd"}]"#,
        ),
        (
            4,
            [attr(4, &[7]), attr(5, &[8]), attr(8, &attr(2, &u32s(1, 5)))].concat(),
            "ip6 hoplimit 7 tc 8 \n\tvxlan_opts 5 ",
            r#""ip6","hoplimit":7,"tc":8,"vxlan_opts":[{"gbp":5}]"#,
        ),
        (
            4,
            attr(8, &attr(3, &erspan(1))),
            "ip6 \n\terspan_opts 1:5:0:0 ",
            r#""ip6","erspan_opts":[{"ver":1,"index":5,"dir":0,"hwid":0}]"#,
        ),
        (
            4,
            attr(8, &attr(3, &erspan(2))),
            "ip6 \n\terspan_opts 2:0:1:63 ",
            r#""ip6","erspan_opts":[{"ver":2,"index":0,"dir":1,"hwid":63}]"#,
        ),
        (
            3,
            [attr(1, &[0, 1, 0, 2, 0, 3, 0xab, 0xcd]), attr(7, &[3]), attr(8, &[1]), attr(9, &[1])]
                .concat(),
            "ila  1:2:3:abcd  csum-mode neutral-map-auto  ident-type luid  hook-type input ",
            r#""ila","locator":"1:2:3:abcd","csum_mode":"neutral-map-auto","ident_type":"luid","hook_type":"input""#,
        ),
        (
            5,
            seg6(1, srh(&["fc00::2", "fc00::1"], Some(26))),
            "seg6 mode encap segs 2 [ fc00::1 fc00::2 ] hmac 1A ",
            r#""seg6","mode":"encap","segs":["fc00::1","fc00::2"],"hmac":"0x1a""#,
        ),
        (
            5,
            seg6(77, srh(&["::", "fc00::1"], None)),
            "seg6 mode <unknown> segs 2 [ fc00::1 :: ] ",
            r#""seg6","mode":"<unknown>","segs":["fc00::1","::"]"#,
        ),
        (
            6,
            [
                attr(1, &attr(2, b"a:[b]\0")),
                attr(2, &program(b"c\0")),
                attr(3, &u32s(1, 7)),
                u32s(4, 9),
            ]
            .concat(),
            "bpf in a:[b] out c xmit  9 ",
            r#""bpf","in":"a:[b]","out":"c","xmit":"<unknown>","headroom":9"#,
        ),
        (
            7,
            [
                u32s(1, 10),
                attr(2, &srh(&["fc00::1"], Some(5))),
                u32s(3, 254),
                u32s(9, 77),
                attr(4, &[1, 2, 3, 4]),
                attr(5, &six("fc00::7")),
                u32s(6, 1),
                u32s(7, 99),
                attr(8, &program(b"p\0")),
                attr(10, &counters),
                attr(11, &[u32s(1, 0x12), attr(2, &[32]), attr(3, &[16])].concat()),
            ]
            .concat(),
            "seg6local action End.B6.Encaps segs 1 [ fc00::1 ] hmac 5 table main vrftable 77 \
             nh4 1.2.3.4 nh6 fc00::7 iif lo oif if99 endpoint p packets 2 bytes 3 errors 4 \
             flavors psp,next-csid lblen 32 nflen 16 ",
            r#""seg6local","action":"End.B6.Encaps","srh":{"segs":["fc00::1"],"hmac":"0x5"},"table":"main","vrftable":"77","nh4":"1.2.3.4","nh6":"fc00::7","iif":"lo","oif":"if99","endpoint":"p","stats64":{"packets":2,"bytes":3,"errors":4},"flavors":["psp","next-csid"],"lblen":32,"nflen":16"#,
        ),
        (7, u32s(1, 99), "seg6local action <invalid> ", r#""seg6local","action":"<invalid>""#),
        (
            8,
            attr(
                1,
                &[vec![0, 4, 3, 2, 0, 0, 0, 0], six("fc00::2").to_vec(), six("fc00::1").to_vec()]
                    .concat(),
            ),
            "rpl segs 2 [ fc00::1 fc00::2 ] ",
            r#""rpl","segs":["fc00::1","fc00::2"]"#,
        ),
        (
            9,
            [
                attr(1, &[2]),
                attr(2, &six("fc00::1")),
                attr(3, &trace),
                u32s(4, 1),
                u32s(5, 2),
                attr(6, &six("fc00::5")),
            ]
            .concat(),
            "ioam6 freq 1/2 mode encap tunsrc fc00::5 tundst fc00::1 trace prealloc type 0x800000 ns 1 size 12 ",
            r#""ioam6","freqk":1,"freqn":2,"mode":"encap","tunsrc":"fc00::5","tundst":"fc00::1","trace":null,"prealloc":null,"type":"800000","ns":1,"size":12"#,
        ),
        (9, [attr(1, &[1]), attr(3, &trace)].concat(), "ioam6 ", r#""ioam6""#),
        (
            10,
            [u32s(1, 5), u32s(2, 1)].concat(),
            "xfrm if_id 5 link_dev lo ",
            r#""xfrm","if_id":5,"link_dev":"lo""#,
        ),
        (77, u32s(1, 5), "unknown ", r#""unknown""#),
    ]
}

#[test]
fn every_encapsulation_is_shown_alike() {
    let lab = Lab::new();
    for (n, (kind, nest, text, json)) in recorded().into_iter().enumerate() {
        let n = u8::try_from(n).expect("few");
        let bytes = route(n, kind, &nest);
        let want = format!("10.0.{n}.0/24  encap {text}dev lo proto static \n");
        let line = "ip -s monitor file /dev/stdin";
        let ours = lab.with_input(Tool::Ours, line, &bytes);
        let theirs = lab.with_input(Tool::Theirs, line, &bytes);
        assert_eq!(ours.out(), want);
        assert_eq!(theirs.out(), want);
        let ours = lab.with_input(Tool::Ours, "ip -s -j monitor file /dev/stdin", &bytes).out();
        assert!(ours.contains(&format!("\"encap\":{{\"encap_type\":{json}}}")), "{ours}");
        is_object(ours.trim_end());
    }
}

#[test]
fn of_several_options_of_geneve_each_is_shown() {
    let option = |class: u8| {
        let parts = [attr(1, &[0, class]), attr(2, &[2]), attr(3, &[class; 4])];
        attr(1, &parts.concat())
    };
    let bytes = route(1, 2, &attr(8, &[option(1), option(3)].concat()));
    let out = Lab::new().with_input(Tool::Ours, "ip monitor file /dev/stdin", &bytes).out();
    assert!(out.contains("\tgeneve_opts 1:2:01010101,3:2:03030303 dev lo"), "{out}");
}

#[test]
fn segments_with_a_source_address_are_shown() {
    let tunnel = [1i32.to_ne_bytes().to_vec(), srh(&["fc00::1"], None)].concat();
    let bytes = route(1, 5, &[attr(1, &tunnel), attr(2, &six("fc00::5"))].concat());
    let out = Lab::new().with_input(Tool::Ours, "ip monitor file /dev/stdin", &bytes).out();
    assert!(out.contains("seg6 mode encap tunsrc fc00::5 segs 1 [ fc00::1 ] dev lo"), "{out}");
}

/// Cut anywhere, filled with anything: never a crash, never half an object.
#[test]
fn a_malformed_encapsulation_is_no_disaster() {
    let lab = Lab::new();
    let mut bytes = Vec::new();
    for (kind, nest, _, _) in recorded() {
        for len in 0..nest.len() {
            bytes.extend(route(1, kind, &nest[..len]));
            let mut changed = nest.clone();
            changed[len] ^= 0xff;
            bytes.extend(route(2, kind, &changed));
        }
    }
    let out = lab.with_input(Tool::Ours, "ip -s -d -j monitor file /dev/stdin", &bytes);
    assert_eq!((out.status, out.killed), (0, false), "{out}");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.lines().count() > 1000);
    text.lines().for_each(is_object);
}
