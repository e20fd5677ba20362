#!/usr/bin/env bash
# On the emulated kernel: every network namespace that is made from here on has the kernel's own
# tunnels (gre0, ip6tnl0, ...), by which `ip tunnel` makes others. All their modules are loaded now,
# since the devices of one that came later would number a lab's own ones differently.
set -eu
/run/vm/modprobe -a ipip ip_gre sit ip_vti ip6_tunnel ip6_gre ip6_vti
echo 0 >/proc/sys/net/core/fb_tunnels_only_for_init_net
