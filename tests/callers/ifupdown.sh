# Debian's ifup and ifdown, with what bridge-utils adds to them.

## loopback
cat >/etc/network/interfaces <<END
auto lo
iface lo inet loopback

auto v0
iface v0 inet static
    pre-up ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02
    pre-up ip link set v1 up
    address 192.0.2.1/24
    gateway 192.0.2.254
    broadcast +
    mtu 1400
    metric 50
    hwaddress ether 02:00:00:00:00:0a
    scope global
    up ip route add 198.51.100.0/24 via 192.0.2.7 dev v0
    up ip route add 198.51.100.128/25 via 192.0.2.7 dev v0 onlink table 100 || true
    up ip rule add from 198.51.100.0/24 table 100
    up iptables -t nat -A POSTROUTING -o \$IFACE -j MASQUERADE
    down iptables -t nat -D POSTROUTING -o \$IFACE -j MASQUERADE
    down ip rule del from 198.51.100.0/24 table 100
iface v0 inet6 static
    address 2001:db8::1/64
    gateway 2001:db8::fe
    accept_ra 0
    autoconf 0
    privext 0
    dad-attempts 0

iface p0 inet manual
    pre-up ip link add \$IFACE address 02:00:00:00:00:03 type veth peer name p1 address 02:00:00:00:00:13
    up ip link set \$IFACE up
    up route add -net 203.0.113.0 netmask 255.255.255.0 dev \$IFACE
    up arp -s 203.0.113.9 02:00:00:00:00:99 -i \$IFACE
    down ip link set \$IFACE down
    post-down ip link del \$IFACE

iface d1 inet static
    pre-up ip link add d1 address 02:00:00:00:00:04 type bridge
    address 10.1.2.3
    netmask 255.255.0.0
    pointopoint 10.1.9.9
iface d1 inet static
    address 10.1.2.4/16
iface d1 inet static
    address 10.1.2.5
    netmask 16
iface d1 inet6 static
    address 2001:db8:1::1/64
    preferred-lifetime 0
    scope global
    post-down ip link del d1

iface br0 inet static
    address 10.2.0.1/24
    bridge_ports b0 regex b[12]
    bridge_hw 02:00:00:00:00:06
    bridge_fd 2
    bridge_stp on
    bridge_bridgeprio 100
    bridge_pathcost b0 19
    bridge_portprio b0 10
    bridge_waitport 0
    bridge_maxwait 0
END
ifup -v lo

## a static address in both families, and what the file adds
ifup -v v0

## what is up
ifquery --state
ifquery v0
ip addr show v0

## all of them again
ifup -a -v

## down
ifdown -v v0

## an interface that is brought up by hand
ifup -v p0

## and down
ifdown -v p0

## several addresses on one interface
ifup -v d1

## and down
ifdown -v d1

## a bridge with the scripts of bridge-utils
ip link add b0 address 02:00:00:00:00:20 type veth peer name b3 address 02:00:00:00:00:23
ip link add b1 address 02:00:00:00:00:21 type veth peer name b4 address 02:00:00:00:00:24
ifup -v br0

## and down
ifdown -v br0

## one that is not in the file fails
ifup nosuch

## an address that is there already fails
cat >>/etc/network/interfaces <<END
iface b4 inet static
    address 10.5.0.1/24
    pre-up ip addr add 10.5.0.1/24 dev b4
    up ip link add b4 type bridge
END
ifup -v b4

## everything down
ifdown -a -v
