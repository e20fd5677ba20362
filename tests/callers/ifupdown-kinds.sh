# Debian's ifup and ifdown: links of kinds that not every kernel has.

## a dummy, and a VLAN by its name
cat >/etc/network/interfaces <<END
iface d0 inet static
    pre-up ip link add \$IFACE address 02:00:00:00:00:03 type dummy
    address 10.2.0.1/24
    gateway 10.2.0.254
    post-down ip link del \$IFACE
iface d0.5 inet static
    address 10.5.0.1/24
    hwaddress 02:00:00:00:00:05
iface tun4 inet tunnel
    address 10.3.0.1
    netmask 255.255.255.255
    mode gre
    endpoint 10.2.0.9
    local 10.2.0.1
    dstaddr 10.3.0.2
    ttl 64
    mtu 1400
iface tun5 inet tunnel
    address 10.3.1.1
    netmask 255.255.255.252
    mode ipip
    endpoint 10.2.0.8
    local 10.2.0.1
iface sit1 inet6 v4tunnel
    address 2001:db8:5::1/64
    endpoint 10.2.0.9
    local 10.2.0.1
    ttl 64
    gateway 2001:db8:5::2
iface six inet6 6to4
    local 10.2.0.1
iface brv inet manual
    bridge_ports d0.9
    bridge_hw 02:00:00:00:00:06
    bridge_vlan_aware yes
    bridge_fd 0
    bridge_waitport 0
    bridge_maxwait 0
END
ifup -v d0 d0.5

## tunnels over IPv4
ifup -v tun4 tun5

## an IPv6 tunnel over IPv4
ifup -v sit1

## a bridge that makes a VLAN for its port
ifup -v brv

## everything down
ifdown -v brv sit1 tun4 tun5 d0.5 d0

## 6to4
ip link add d0 address 02:00:00:00:00:03 type dummy
ip addr add 10.2.0.1/24 dev d0
ip link set d0 up
ifup -v six

## and down
ifdown -v six
