# What cloud-init reports of the network at a machine's start, and the network that it makes for a while.
export PYTHONDONTWRITEBYTECODE=1
# Without which its library for the web does not begin.
[ -s /etc/ssl/certs/ca-certificates.crt ] ||
    cat /usr/share/ca-certificates/mozilla/*.crt >/etc/ssl/certs/ca-certificates.crt

## nothing but lo
python3 -c 'from cloudinit.netinfo import debug_info; print(debug_info())'

## a network
ip link set lo up
ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:02
ip link add br0 address 02:00:00:00:00:03 type bridge
ip link set e0 up
ip link set e1 up
ip link set br0 up
ip addr add 192.0.2.1/24 brd + dev e0
ip addr add 192.0.2.2/24 dev e0
ip addr add 198.51.100.1 peer 198.51.100.2/32 dev e1
ip addr add 2001:db8::1/64 dev e0 nodad
ip addr add 2001:db8::2/128 dev br0 nodad preferred_lft 0
ip route add default via 192.0.2.254 metric 100
ip route add 203.0.113.0/24 via 192.0.2.7 src 192.0.2.2
ip route add 203.0.114.0/24 nexthop via 192.0.2.7 weight 2 nexthop via 192.0.2.8
ip route add unreachable 10.0.0.0/8
ip -6 route add default via 2001:db8::fe dev e0
ip -6 route add blackhole 2001:db8:9::/48
python3 -c 'from cloudinit.netinfo import debug_info; print(debug_info())'

## the same as data
python3 - <<END
import json
from cloudinit import netinfo, net
print(json.dumps(netinfo.netdev_info(), indent=1, sort_keys=True))
print(json.dumps(netinfo.route_info(), indent=1, sort_keys=True))
print(json.dumps(net._get_current_rename_info(), indent=1, sort_keys=True))
END

## a network for a while
python3 - <<END
from cloudinit import subp
from cloudinit.distros.debian import Distro
from cloudinit.net.ephemeral import EphemeralIPv4Network, EphemeralIPv6Network
distro = Distro("debian", {}, None)
shown = lambda *words: print(subp.subp(["ip", *words]).stdout)
with EphemeralIPv4Network(
    distro, "br0", "192.0.2.100", "255.255.255.0", "192.0.2.255", {}, router="192.0.2.254",
    static_routes=[("203.0.115.0/24", "192.0.2.9"), ("169.254.169.254/32", "0.0.0.0")],
):
    shown("addr", "show", "br0")
    shown("route")
with EphemeralIPv6Network(distro, "e0"):
    shown("-6", "addr", "show", "e0")
END

## links get other names
ip addr flush dev e0
ip addr flush dev e1
python3 - <<END
from cloudinit import net
net._rename_interfaces([
    ["02:00:00:00:00:01", "lan0", None, None],
    ["02:00:00:00:00:02", "lan1", None, None],
])
END
