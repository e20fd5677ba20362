//! The integration tests: one program, a module per object.
//!
//! `lab` is a machine of its own for each test, `same` compares our program with the reference,
//! `cases` runs the case files below `tests/cases/`. An object's tests are case files where that
//! is possible, else a module here.

mod alike;
mod attempt;
mod beginnings;
mod callers;
mod cases;
mod compatibility;
mod completion;
mod coverage;
mod docs;
mod doctor;
mod draw;
mod dumps;
mod early;
mod encap;
mod examples;
mod export;
mod fuzz;
mod hints;
mod install;
mod iptables;
mod iptables_legacy;
mod iptables_native;
mod iptables_packets;
mod kind_bytes;
mod lab;
mod lab_build;
mod lab_cmd;
mod lab_kept;
mod layers;
mod lesson;
mod monitor;
mod mutated;
mod netns;
mod nodeinfo;
mod own;
mod packets;
mod parallel;
mod played;
mod same;
mod sysctl;
mod xfrm;
