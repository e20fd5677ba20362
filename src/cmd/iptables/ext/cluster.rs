//! `-m cluster`: connections that are this machine's share of those of a cluster.

use crate::cmd::iptables::fail::{Result, usage};

use super::{Ext, Opt, Shown, put, put_at, scalar, u32_at};

const MASK: usize = 4;
const SEED: usize = 8;
const FLAGS: usize = 12;
/// XT_CLUSTER_F_INV.
const INVERT: u8 = 1;
/// XT_CLUSTER_NODES_MAX.
const MOST: u32 = 32;

/// The options for this node, by their places.
const NODE_BIT: u32 = 2;
const MASK_BIT: u32 = 4;

/// struct xt_cluster_match_info: number of nodes, mask of this node's, seed of the hash, flags.
pub static CLUSTER: Ext = Ext {
    name: "cluster",
    wire: "cluster",
    size: 16,
    user: 16,
    opts: OPTS,
    complete,
    save: |out, s| {
        put(out, if s.info[FLAGS] & INVERT != 0 { " !" } else { "" });
        put(out, " --cluster-local-nodemask ");
        show(out, s, " --cluster-total-nodes ", " --cluster-hash-seed ");
    },
    list: |out, s| {
        put(out, " cluster ");
        put(out, if s.info[FLAGS] & INVERT != 0 { "!" } else { "" });
        put(out, "node_mask=");
        show(out, s, " total_nodes=", " hash_seed=");
    },
    ..Ext::MATCH
};

static OPTS: &[Opt] = &[
    Opt { required: true, ..number!("cluster", "cluster-total-nodes", "NUMBER", 0, 1, MOST) },
    Opt {
        name: "cluster-local-node",
        excludes: MASK_BIT,
        arg: "NUMBER",
        not: true,
        take: |f, value| {
            let node = scalar::int(value, ("cluster", "cluster-local-node"), 1, MOST)?;
            put_at(f.info, MASK, &(1u32 << (node - 1)).to_ne_bytes());
            f.info[FLAGS] |= u8::from(f.not);
            Ok(())
        },
        ..Opt::NONE
    },
    Opt {
        name: "cluster-local-nodemask",
        excludes: NODE_BIT,
        arg: "MASK",
        not: true,
        take: |f, value| {
            let place = ("cluster", "cluster-local-nodemask");
            f.info[FLAGS] |= u8::from(f.not);
            scalar::put_int(f.info, MASK, value, place, 1, MOST)
        },
        ..Opt::NONE
    },
    Opt { required: true, ..number!("cluster", "cluster-hash-seed", "NUMBER", SEED, 0, u32::MAX) },
];

fn complete(info: &mut [u8], seen: u64) -> Result {
    if seen & u64::from(NODE_BIT | MASK_BIT) == 0 {
        return usage(&[
            b"cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
        ]);
    }
    let nodes = u32_at(info, 0);
    if seen & 1 != 0 && u64::from(u32_at(info, MASK)) >= 1 << nodes {
        return usage(&[if seen & u64::from(NODE_BIT) != 0 {
            b"cluster match: `--cluster-local-node' must be <= `--cluster-total-nodes'"
        } else {
            b"cluster match: `--cluster-local-nodemask' too big for `--cluster-total-nodes'"
        }]);
    }
    Ok(())
}

fn show(out: &mut Vec<u8>, s: &Shown<'_>, total: &str, seed: &str) {
    let (nodes, mask) = (u32_at(s.info, 0), u32_at(s.info, MASK));
    put(out, format!("{mask:#010x}{total}{nodes}{seed}{:#010x}", u32_at(s.info, SEED)));
}
