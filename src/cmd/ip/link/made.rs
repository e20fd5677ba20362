//! Answers that no kernel at hand gives, made by hand, and what is shown of them: the texts are
//! those of iproute2 7.2 for the same bytes.

use super::detail;
use crate::ctx::Opts;
use crate::names::Names;
use crate::output::{Out, Style};
use crate::rtnl::consts::IFLA_LINKINFO;
use crate::rtnl::link::Link;

/// IFLA_LINKINFO in hexadecimal, the text and the JSON.
#[rustfmt::skip] // one answer, three lines
const ANSWERS: &[(&str, &str, &str)] = &[
    ("09000100626f6e6400000000480002000500010020000000080002000000000008000b0001000000080009000900000005001d000500000005002100010000000400080005002000000000000500160003000000",
     "    bond mode UNKNOWN arp_validate UNKNOWN primary lo lacp_active UNKNOWN coupled_control off broadcast_neighbor on ad_select actor_port_prio ",
     r#""linkinfo":{"info_kind":"bond","info_data":{"mode":"UNKNOWN","arp_validate":"UNKNOWN","primary":"lo","ad_lacp_active":"UNKNOWN","coupled_control":false,"broadcast_neighbor":true,"ad_select":"actor_port_prio"}}"#),
    ("09000100766574680000000009000400626f6e64000000003400050005000100050000000500020007000000080003000100000006000a000500000005000b000000000005000c0002000000",
     "    veth \n    bond_slave state 5 mii_status 7 link_failure_count 1 churn_actor_state MONITOR churn_partner_state NO_CHURN actor_port_prio 5 ",
     r#""linkinfo":{"info_kind":"veth","info_slave_kind":"bond","info_slave_data":{"state_index":5,"mii_status_index":7,"link_failure_count":1,"churn_actor_state":"MONITOR","churn_partner_state":"NO_CHURN","actor_port_prio":5}}"#),
    ("09000100766574680000000009000400626f6e640000000034000500050001000100000005000200010000000500070000000000060008000000000005000b000100000005000c0007000000",
     "    veth \n    bond_slave state BACKUP mii_status GOING_DOWN ad_actor_oper_port_state 0 ad_actor_oper_port_state_str <> ad_partner_oper_port_state 0 ad_partner_oper_port_state_str <> churn_actor_state CHURN churn_partner_state 7 ",
     r#""linkinfo":{"info_kind":"veth","info_slave_kind":"bond","info_slave_data":{"state":"BACKUP","mii_status":"GOING_DOWN","ad_actor_oper_port_state":0,"ad_actor_oper_port_state_str":[],"ad_partner_oper_port_state":0,"ad_partner_oper_port_state_str":[],"churn_actor_state":"CHURN","churn_partner_state":7}}"#),
    ("0800010063616e00880002002400010020a107006b0300007d000000060000000700000002000000010000000300000034000200736a613130303000000000000000000001000000100000000100000008000000040000000100000040000000010000000800030000127a0008000400000000000c000500000000002100000008000600640000000800080003000400",
     "    can <LOOPBACK,FD> state ERROR-ACTIVE (berr-counter tx 3 rx 4) restart-ms 100 \n\t  bitrate 500000 sample-point 0.875\n\t  tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 brp 3\n\t  sja1000: tseg1 1..16 tseg2 1..8 sjw 1..4 brp 1..64 brp_inc 1\n\t  clock 8000000 ",
     r#""linkinfo":{"info_kind":"can","info_data":{"ctrlmode":["LOOPBACK","FD"],"state":"ERROR-ACTIVE","berr_counter":{"tx":3,"rx":4},"restart_ms":100,"bittiming":{"bitrate":500000,"sample_point":"0.875","tq":125,"prop_seg":6,"phase_seg1":7,"phase_seg2":2,"sjw":1,"brp":3},"bittiming_const":{"name":"sja1000","tseg1":{"min":1,"max":16},"tseg2":{"min":1,"max":8},"sjw":{"min":1,"max":4},"brp":{"min":1,"max":64},"brp_inc":1},"clock":8000000}}"#),
    ("0800010063616e00280202002400010020a107006b0300007d0000000600000007000000020000000100000003000000340002006d63700000000000000000000000000001000000100000000100000008000000040000000100000040000000010000000800030000127a0008000400050000000c00050000000000ffff00002400090080841e00ee02000019000000060000000700000005000000020000000100000034000a006d637064000000000000000000000000010000002000000001000000100000000800000001000000000100000100000006000b007800000008000c00000078004c0010000800010000000000080002003f0000000800030001000000080004007f000000080005000200000008000600090000000800070003000000080008000400000008000900050000000c00110008000100ff0700002400120000127a00ee0200000a000000060000000700000005000000020000000100000034001300786c000000000000000000000000000001000000200000000100000010000000080000000100000000010000010000004c0015000800010000000000080002003f0000000800030001000000080004007f000000080005000200000008000600090000000800070003000000080008000400000008000900050000004c0016000800010001000000080002000800000008000300020000000800040018000000080005000000000008000600100000000800070003000000080008000400000008000900050000001c000300010000000200000003000000040000000500000006000000",
     "    can <LOOPBACK,LISTEN-ONLY,TRIPLE-SAMPLING,ONE-SHOT,BERR-REPORTING,FD,FD-NON-ISO,PRESUME-ACK,CC-LEN8-DLC,TDC-AUTO,TDC-MANUAL,RESTRICTED,XL,XL-TDC-AUTO,XL-TDC-MANUAL,TMS> state SLEEPING \n\t  bitrate 500000 sample-point 0.875\n\t  tq 125 prop-seg 6 phase-seg1 7 phase-seg2 2 sjw 1 brp 3\n\t  mcp: tseg1 1..16 tseg2 1..8 sjw 1..4 brp 1..64 brp_inc 1\n\t  dbitrate 2000000 dsample-point 0.750\n\t  dtq 25 dprop-seg 6 dphase-seg1 7 dphase-seg2 5 dsjw 2 dbrp 1\n\t  tdcv 3 tdco 4 tdcf 5\n\t  mcpd: dtseg1 1..32 dtseg2 1..16 dsjw 1..8 dbrp 1..256 dbrp_inc 1\n\t  tdcv 0..63 tdco 1..127 tdcf 2..9\n\t  xbitrate 8000000 xsample-point 0.750\n\t  xtq 10 xprop-seg 6 xphase-seg1 7 xphase-seg2 5 xsjw 2 xbrp 1\n\t  xtdcv 3 xtdco 4 xtdcf 5\n\t  pwms 3 pwml 4 pwmo 5\n\t  xl: xtseg1 1..32 xtseg2 1..16 xsjw 1..8 xbrp 1..256 xbrp_inc 1\n\t  xtdcv 0..63 xtdco 1..127 xtdcf 2..9\n\t  pwms 1..8 pwml 2..24 pwmo 0..16\n\t  termination 120 [ 0, 120 ]\n\t  clock 8000000 ",
     r#""linkinfo":{"info_kind":"can","info_data":{"ctrlmode":["LOOPBACK","LISTEN-ONLY","TRIPLE-SAMPLING","ONE-SHOT","BERR-REPORTING","FD","FD-NON-ISO","PRESUME-ACK","CC-LEN8-DLC","TDC-AUTO","TDC-MANUAL","RESTRICTED","XL","XL-TDC-AUTO","XL-TDC-MANUAL","TMS"],"ctrlmode_supported":["LOOPBACK","LISTEN-ONLY","TRIPLE-SAMPLING","ONE-SHOT","BERR-REPORTING","FD","FD-NON-ISO","PRESUME-ACK","CC-LEN8-DLC","TDC-AUTO","TDC-MANUAL"],"ctrlmode_static":["RESTRICTED","XL","XL-TDC-AUTO","XL-TDC-MANUAL","TMS"],"state":"SLEEPING","bittiming":{"bitrate":500000,"sample_point":"0.875","tq":125,"prop_seg":6,"phase_seg1":7,"phase_seg2":2,"sjw":1,"brp":3},"bittiming_const":{"name":"mcp","tseg1":{"min":1,"max":16},"tseg2":{"min":1,"max":8},"sjw":{"min":1,"max":4},"brp":{"min":1,"max":64},"brp_inc":1},"data_bittiming":{"bitrate":2000000,"sample_point":"0.750","tq":25,"prop_seg":6,"phase_seg1":7,"phase_seg2":5,"sjw":2,"brp":1,"tdc":{"tdcv":3,"tdco":4,"tdcf":5}},"data_bittiming_const":{"name":"mcpd","tseg1":{"min":1,"max":32},"tseg2":{"min":1,"max":16},"sjw":{"min":1,"max":8},"brp":{"min":1,"max":256},"brp_inc":1,"tdc":{"tdcv":{"min":0,"max":63},"tdco":{"min":1,"max":127},"tdcf":{"min":2,"max":9}}},"xl_data_bittiming":{"bitrate":8000000,"sample_point":"0.750","tq":10,"prop_seg":6,"phase_seg1":7,"phase_seg2":5,"sjw":2,"brp":1,"xtdc":{"tdcv":3,"tdco":4,"tdcf":5},"pwm":{" pwms":3," pwml":4," pwmo":5}},"xl_data_bittiming_const":{"name":"xl","tseg1":{"min":1,"max":32},"tseg2":{"min":1,"max":16},"sjw":{"min":1,"max":8},"brp":{"min":1,"max":256},"brp_inc":1,"xtdc":{"tdcv":{"min":0,"max":63},"tdco":{"min":1,"max":127},"tdcf":{"min":2,"max":9}},"pwm":{"pwms":{"min":1,"max":8},"pwml":{"min":2,"max":24},"pwmo":{"min":0,"max":16}}},"termination":120,"termination_const":[0,120],"clock":8000000}}"#),
    ("0800010063616e00900002002400010020a107006b0300007d000000060000000700000002000000010000000300000010000d0048e8010090d0030020a107002400090080841e00000000000000000000000000000000000000000000000000000000000c000e0040420f0080841e0008000f0040420f0008000400030000000c00050000000000000000000c0014000500000007000000",
     "    can state BUS-OFF \n\t  bitrate 500000\n\t     [  125000,   250000,   500000 ]\n\t  dbitrate 2000000\n\t     [ 1000000,  2000000 ]\n\t  xbitrate 0\n\t     [       5,        7 ]",
     r#""linkinfo":{"info_kind":"can","info_data":{"state":"BUS-OFF","bittiming_bitrate":500000,"bitrate_const":[125000,250000,500000],"data_bittiming_bitrate":2000000,"data_bitrate_const":[1000000,2000000],"xl_data_bittiming_bitrate":0,"data_bitrate_const":[5,7]}}"#),
    ("0800010063616e005400020024000100000000000000000000000000000000000000000000000000000000000000000008000400090000000c00050000000000000001000800030000000000080006000000000006000b0000000000",
     "    can <10000> state UNKNOWN restart-ms 0 \n\t  bitrate 0 sample-point 0.000\n\t  tq 0 prop-seg 0 phase-seg1 0 phase-seg2 0 sjw 0 brp 0\n\t  clock 0 ",
     r#""linkinfo":{"info_kind":"can","info_data":{"ctrlmode":["10000"],"state":"UNKNOWN","restart_ms":0,"bittiming":{"bitrate":0,"sample_point":"0.000","tq":0,"prop_seg":0,"phase_seg1":0,"phase_seg2":0,"sjw":0,"brp":0},"clock":0}}"#),
    ("0800010063616e00480002002400120000127a00000000000000000000000000000000000000000000000000000000000c00140000127a00809698001400160008000700030000000800080004000000",
     "    can \n\t  xbitrate 8000000\n\t     [ 8000000, 10000000 ]",
     r#""linkinfo":{"info_kind":"can","info_data":{"xl_data_bittiming_bitrate":8000000,"data_bitrate_const":[8000000,10000000]}}"#),
    ("08000100647361000c0002000800010001000000",
     "    dsa conduit lo ",
     r#""linkinfo":{"info_kind":"dsa","info_data":{"conduit":"lo"}}"#),
    ("08000100687372000c0002000800010001000000",
     "    hsr slave1 lo slave2 <none> ",
     r#""linkinfo":{"info_kind":"hsr","info_data":{"slave1":"lo","slave2":null}}"#),
    ("0a00010069706f69620000001c000200060001000180000006000200010000000600030001000000",
     "    ipoib pkey 0x8001 mode connected umcast 0001 ",
     r#""linkinfo":{"info_kind":"ipoib","info_data":{"key":"0x8001","mode":"connected","umcast":"0001"}}"#),
    ("0a00010069706f69620000001c000200060001000100000006000200070000000600030000000000",
     "    ipoib pkey 0x0001 mode unknown umcast 0000 ",
     r#""linkinfo":{"info_kind":"ipoib","info_data":{"key":"0x0001","mode":"unknown","umcast":"0000"}}"#),
    ("0b0001006d61637365630000340002000c00010000010203040506070c000400050000000000000005000d000700000005000f00070000000800050005000000",
     "    macsec sci 0001020304050607 cipher (unknown) validate (unknown) offload (unknown) window 5 ",
     r#""linkinfo":{"info_kind":"macsec","info_data":{"sci":"0001020304050607","cipher_suite":"(unknown)","validation":"(unknown)","offload":"(unknown)","window":5}}"#),
    ("0b0001006e65746b69740000240002000800050007000000050002000000000008000300010000000800060009000000",
     "    netkit mode UNKNOWN type peer policy UNKNOWN scrub UNKNOWN ",
     r#""linkinfo":{"info_kind":"netkit","info_data":{"mode":"UNKNOWN","type":"peer","policy":"UNKNOWN","scrub":"UNKNOWN"}}"#),
    ("0a000100726d6e65740000001800020006000100050000000c0002002d0000003f000000",
     "    rmnet mux_id 5 <INGRESS_DEAGGREGATION,INGRESS_MAP_CKSUMV4,EGRESS_MAP_CKSUMV4,EGRESS_MAP_CKSUMV5> ",
     r#""linkinfo":{"info_kind":"rmnet","info_data":{"mux_id":5,"flags":["INGRESS_DEAGGREGATION","INGRESS_MAP_CKSUMV4","EGRESS_MAP_CKSUMV4","EGRESS_MAP_CKSUMV5"]}}"#),
    ("0a000100726d6e65740000001800020006000100050000000c00020092000000ff000000",
     "    rmnet mux_id 5 <INGRESS_MAP_COMMANDS,INGRESS_MAP_CKSUMV5,80> ",
     r#""linkinfo":{"info_kind":"rmnet","info_data":{"mux_id":5,"flags":["INGRESS_MAP_COMMANDS","INGRESS_MAP_CKSUMV5","80"]}}"#),
    ("090001007777616e000000000c0002000800010007000000",
     "    wwan linkid 7 ",
     r#""linkinfo":{"info_kind":"wwan","info_data":{"linkid":7}}"#),
];

fn shown(hex: &str, style: Style, stats: u8) -> String {
    let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    let info: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    let mut message = crate::rtnl::link::header(0, 0).to_vec();
    message.extend(u16::try_from(info.len() + 4).unwrap().to_ne_bytes());
    message.extend(IFLA_LINKINFO.to_ne_bytes());
    message.extend(info);
    let link = Link::parse(&message).unwrap();
    let mut out = Out::memory(style);
    let mut names = Names::default();
    names.learn_link(1, b"lo", 1, 0);
    let opts = Opts { details: 1, stats, style, ..Opts::default() };
    detail::kinds(&mut out, &mut names, &opts, &link.info().unwrap());
    String::from_utf8(out.taken()).unwrap()
}

#[test]
fn what_no_kernel_here_sends_is_shown() {
    for (hex, text, json) in ANSWERS {
        let got = shown(hex, Style::default(), 0);
        let lines = |s: &str| s.trim_matches('\n').lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&got), lines(text));
        let got = shown(hex, Style { json: true, ..Style::default() }, 0);
        assert_eq!(&got, json);
    }
}

#[test]
fn a_can_counts_its_errors() {
    let (hex, _, _) = ANSWERS.iter().find(|a| a.1.contains("SLEEPING")).unwrap();
    let text = shown(hex, Style::default(), 1);
    assert!(text.ends_with(
        "\n\t  re-started bus-errors arbit-lost error-warn error-pass bus-off\
         \n\t  6          1          5          2          3          4         "
    ));
    let json = shown(hex, Style { json: true, ..Style::default() }, 1);
    assert!(json.ends_with(
        "\"info_xstats\":{\"restarts\":6,\"bus_error\":1,\"arbitration_lost\":5,\
         \"error_warning\":2,\"error_passive\":3,\"bus_off\":4}}"
    ));
}
