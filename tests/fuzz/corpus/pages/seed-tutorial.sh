#!/bin/sh
# Network namespaces, from two rooms and a cable to a web server behind port forwarding.
#
#   ipbox lab tutorial          step by step, without root and without a network
#   sh examples/tutorial.sh     with the machine's own ip, iptables, arp, route, ping and sysctl
#
# It needs a host at 192.168.1.2 on a LAN with another host, 192.168.1.3, and the internet behind
# a router. The lab has them. Elsewhere the lines up to the first heading make them, in a network
# that is this script's own: the machine's is not touched, and nothing is left.
#
# It ends at the first line that does not do what it should. `expect STATUS TEXT COMMAND...` says
# that a command ends with a certain status and prints a certain text.
set -e

expect() {
    expect_status=$1 expect_text=$2
    shift 2
    expect_output=$("$@" 2>&1) && expect_seen=0 || expect_seen=$?
    [ -z "$expect_output" ] || printf '%s\n' "$expect_output"
    case $expect_seen:$expect_output in
    "$expect_status:"*"$expect_text"*) ;;
    *)
        echo "expected status $expect_status and the text '$expect_text', not status $expect_seen" >&2
        return 1
        ;;
    esac
}

if [ -z "${IPBOX_LAB-}" ] && [ -z "${TUTORIAL_HOST-}" ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root='--user --map-root-user'
    export TUTORIAL_HOST=own PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
    exec unshare $as_root --net --mount --pid --fork --kill-child --mount-proc sh "$0"
fi

if [ -z "${IPBOX_LAB-}" ]; then
    mount -t tmpfs tmpfs /run
    mkdir /run/tools /run/hosts
    PATH=$PATH:/run/tools
    tool() {
        { echo '#!/bin/sh' && cat; } >"/run/tools/$1"
        chmod +x "/run/tools/$1"
    }

    # The router with the LAN's switch, and the internet, which here is one address.
    ip netns add router
    ip netns add other
    ip link set lo up
    ip -n router link add lan type bridge
    ip -n router addr add 192.168.1.1/24 dev lan
    ip -n router addr add 8.8.8.8/32 dev lo
    ip -n router link set lo up
    ip -n router link set lan up
    ip netns exec router sysctl -qw net.ipv4.ip_forward=1
    # This host, and the other one.
    ip link add eth0 type veth peer name host netns router
    ip -n other link add eth0 type veth peer name other netns router
    ip -n router link set host master lan up
    ip -n router link set other master lan up
    ip addr add 192.168.1.2/24 dev eth0
    ip -n other addr add 192.168.1.3/24 dev eth0
    ip link set eth0 up
    ip -n other link set eth0 up
    ip route add default via 192.168.1.1
    ip -n other route add default via 192.168.1.1
    sysctl -qw net.ipv4.ip_forward=0
    # `ip netns` shall list only what is made below.
    mount --rbind /run/netns /run/hosts
    mount --make-rprivate /run/hosts
    mount -t tmpfs tmpfs /run/netns

    echo 'exec nsenter --net=/run/hosts/other "$@"' | tool lan-host
    if command -v ipbox >/dev/null; then
        echo 'exec ipbox lab serve "$@"' | tool web-server
        echo 'exec ipbox lab fetch "$@"' | tool web-get
    else
        mkdir /run/page
        echo 'Hello from the web server' >/run/page/index.html
        if command -v busybox >/dev/null && busybox --list | grep -qx httpd; then
            echo 'exec busybox httpd -p "${1:-80}" -h /run/page' | tool web-server
        else
            # It listens before it leaves for the background.
            tool web-server <<'END'
exec python3 - "${1:-80}" <<'PYTHON'
import http.server, os, socketserver, sys
os.chdir("/run/page")
server = socketserver.TCPServer(("", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
if os.fork():
    os._exit(0)
for fd in 0, 1, 2:
    os.dup2(os.open("/dev/null", os.O_RDWR), fd)
server.serve_forever()
PYTHON
END
        fi
        if command -v curl >/dev/null; then
            echo 'curl -sS -m 2 "$@" || exit 1' | tool web-get
        else
            echo 'wget -q -T 2 -O - "$@" || exit 1' | tool web-get
        fi
    fi
fi

## Two namespaces

# A network namespace is a room with its own interfaces, routes and neighbours. Two of them:
ip netns add red
ip netns add blue
expect 0 'red' ip netns

# The host has a loopback interface, and eth0, which leads to the LAN.
expect 0 'eth0' ip link

# In the room there is only a loopback interface. Both lines say the same; the shorter form is
# for commands of ip alone.
ip netns exec red ip link
ip -n red link
expect 1 'Device "eth0" does not exist' ip -n red link show eth0

# The host knows the neighbours it has talked to, and where to send what is for others.
ping -c 1 192.168.1.3
expect 0 '192.168.1.3' arp
expect 0 '192.168.1.0' route

# The room knows nobody, and no way. (Not even a table of routes: then route ends with status 1.)
ip netns exec red arp
expect 1 'Kernel IP routing table' ip netns exec red route

## A cable between the two

# A veth pair is a cable: what goes in at one end comes out at the other.
ip link add veth-red type veth peer name veth-blue

# One end for each room. An end that has been moved is no longer seen on the host.
ip link set veth-red netns red
ip link set veth-blue netns blue
expect 1 'Device "veth-red" does not exist' ip link show veth-red

# An address for each end, with /24, since without it the address would be a network of one and
# the other end out of reach.
ip -n red addr add 192.168.15.1/24 dev veth-red
ip -n blue addr add 192.168.15.2/24 dev veth-blue
ip -n red link set veth-red up
ip -n blue link set veth-blue up

# Red reaches blue.
ip netns exec red ping -c 1 192.168.15.2

# Now each knows the hardware address of the other. The host knows neither of them.
expect 0 '192.168.15.2' ip netns exec red arp
expect 0 '192.168.15.1' ip netns exec blue arp
expect 0 '192.168.1.3' arp
expect 0 'no entry' arp 192.168.15.2

## Four namespaces and a switch

# For more than two rooms there is a switch: a bridge on the host.
ip netns add green
ip netns add orange
ip link add v-net-0 type bridge

# To the host it is one more interface, and it is down at first.
expect 0 'state DOWN' ip link show v-net-0
ip link set dev v-net-0 up

# The old cable goes. With one end the other goes, too.
ip -n red link del veth-red
expect 1 'Device "veth-blue" does not exist' ip -n blue link show veth-blue

# New cables, from a room to the switch: red ...
ip link add veth-red type veth peer name veth-red-br
ip link set veth-red netns red
ip link set veth-red-br master v-net-0
ip -n red addr add 192.168.15.1/24 dev veth-red
ip -n red link set veth-red up
ip link set veth-red-br up

# ... blue ...
ip link add veth-blue type veth peer name veth-blue-br
ip link set veth-blue netns blue
ip link set veth-blue-br master v-net-0
ip -n blue addr add 192.168.15.2/24 dev veth-blue
ip -n blue link set veth-blue up
ip link set veth-blue-br up

# ... and the same for green and orange.
number=3
for room in green orange; do
    ip link add veth-$room type veth peer name veth-$room-br
    ip link set veth-$room netns $room
    ip link set veth-$room-br master v-net-0
    ip -n $room addr add 192.168.15.$number/24 dev veth-$room
    ip -n $room link set veth-$room up
    ip link set veth-$room-br up
    number=$((number + 1))
done
expect 0 'veth-orange-br' ip link show master v-net-0

# All four reach each other.
ip netns exec red ping -c 1 192.168.15.2
ip netns exec blue ping -c 1 192.168.15.3
ip netns exec green ping -c 1 192.168.15.4
ip netns exec orange ping -c 1 192.168.15.1

## From the host into the rooms

# The host is on 192.168.1.0/24 and the rooms are on 192.168.15.0/24. It knows no better than to
# ask its router, which does not know them either.
expect 0 'via 192.168.1.1 dev eth0' ip route get 192.168.15.1
expect 1 '100% packet loss' ping -c 1 -W 1 192.168.15.1

# But the switch is an interface of the host. With an address it is in the rooms' network. (/24
# again: with /25 only the lower half of the network could be reached.)
ip addr add 192.168.15.5/24 dev v-net-0
ping -c 1 192.168.15.1
ping -c 1 192.168.15.4

## From a room to the LAN

# 192.168.1.3 is in another network, and blue has no route to it.
expect 2 'Network is unreachable' ip netns exec blue ping -c 1 -W 1 192.168.1.3
ip netns exec blue route

# The host is in both networks, so it can be the gateway: by its address in blue's own network,
# for the other one cannot be reached before there is a route.
expect 2 'Nexthop has invalid gateway' ip netns exec blue ip route add 192.168.1.0/24 via 192.168.1.2
ip netns exec blue ip route add 192.168.1.0/24 via 192.168.15.5

# No longer unreachable, and still no answer. First, a host does not pass on what is for others
# unless it is told to.
expect 1 '100% packet loss' ip netns exec blue ping -c 1 -W 1 192.168.1.3
expect 0 'net.ipv4.ip_forward = 0' sysctl net.ipv4.ip_forward
sysctl -w net.ipv4.ip_forward=1

# Second, 192.168.1.3 hears blue now, but its answer does not find the way back: nobody on the
# LAN knows 192.168.15.0/24.
expect 1 '100% packet loss' ip netns exec blue ping -c 1 -W 1 192.168.1.3

# So the host shall speak for the rooms, under its own address: network address translation.
iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
ip netns exec blue ping -c 1 192.168.1.3

## From a room to the internet

# Blue knows a way to the LAN and to nothing else.
expect 2 'Network is unreachable' ip netns exec blue ping -c 1 -W 1 8.8.8.8

# What the host reaches, blue can reach through the host.
ip netns exec blue ip route add default via 192.168.15.5
expect 0 'default via 192.168.15.5' ip netns exec blue ip route
ip netns exec blue ping -c 1 8.8.8.8

## From the LAN into a room

# A web server in blue, on port 80. The host can read its page.
ip netns exec blue web-server 80
expect 0 'Hello' web-get http://192.168.15.2/

# The other host on the LAN does not find blue, and on 192.168.1.2 nobody listens.
expect 1 '100% packet loss' lan-host ping -c 1 -W 1 192.168.15.2
expect 1 '' lan-host web-get http://192.168.1.2/

# Telling it a route to 192.168.15.0/24 would show the private network to the LAN. Port
# forwarding does not: what comes for port 80 of the host goes on to blue.
sysctl -w net.ipv4.ip_forward=1
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.15.2:80

# Where the host lets nothing through by itself, this lets it through to blue. (The answers would
# need a line of their own: -m conntrack --ctstate ESTABLISHED,RELATED.)
iptables -A FORWARD -p tcp -d 192.168.15.2 --dport 80 -m state --state NEW,ESTABLISHED,RELATED -j ACCEPT
expect 0 '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.15.2:80' iptables -t nat -S
expect 0 '-A FORWARD -d 192.168.15.2/32' iptables -S

# From 192.168.1.3, by the host's address:
expect 0 'Hello' lan-host web-get http://192.168.1.2/
