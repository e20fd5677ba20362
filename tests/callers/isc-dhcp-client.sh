# What ISC's dhclient has done: its script, told what dhclient tells it, and dhclient itself.
lease() {
    env -i PATH=/first:/usr/sbin:/usr/bin:/sbin:/bin interface=e0 pid=1 "$@" /usr/sbin/dhclient-script
}

## before the lease
ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:02
ip link set e1 up
lease reason=PREINIT

## with an alias
lease reason=PREINIT alias_ip_address=192.0.2.9

## bound
lease reason=BOUND new_ip_address=192.0.2.10 new_subnet_mask=255.255.255.0 \
    new_broadcast_address=192.0.2.255 new_routers='192.0.2.1 192.0.2.2' new_interface_mtu=1400 \
    new_domain_name=example.org new_domain_name_servers='192.0.2.3 192.0.2.4' new_host_name=box \
    new_dhcp_lease_time=3600 new_network_number=192.0.2.0
cat /etc/resolv.conf

## renewed, and the same
lease reason=RENEW new_ip_address=192.0.2.10 new_subnet_mask=255.255.255.0 \
    new_broadcast_address=192.0.2.255 new_routers=192.0.2.1 new_dhcp_lease_time=7200 \
    old_ip_address=192.0.2.10 old_subnet_mask=255.255.255.0 old_routers=192.0.2.1

## another address, with an alias and a metric
lease reason=REBIND new_ip_address=192.0.2.11 new_subnet_mask=255.255.255.128 \
    new_broadcast_address=192.0.2.127 new_routers=192.0.2.1 new_dhcp_lease_time=600 \
    old_ip_address=192.0.2.10 old_subnet_mask=255.255.255.0 old_routers=192.0.2.1 IF_METRIC=70 \
    alias_ip_address=192.0.2.99 alias_subnet_mask=255.255.255.255

## a router that is not in the network, and routes without classes
lease reason=BOUND new_ip_address=198.51.100.7 new_subnet_mask=255.255.255.255 \
    new_routers=203.0.113.1 new_dhcp_lease_time=600 \
    new_rfc3442_classless_static_routes='24 10 0 0 203 0 113 1 0 203 0 113 1 16 10 1 0 0 0 0'

## expired
lease reason=EXPIRE old_ip_address=192.0.2.11 old_subnet_mask=255.255.255.128 \
    alias_ip_address=192.0.2.99 alias_subnet_mask=255.255.255.255

## a server that does not answer, a lease from before, and its router
ip netns add router
ip link set e1 netns router
ip -n router addr add 192.0.2.1/24 dev e1
ip -n router link set e1 up
lease reason=TIMEOUT new_ip_address=192.0.2.10 new_subnet_mask=255.255.255.0 \
    new_broadcast_address=192.0.2.255 new_routers=192.0.2.1 new_dhcp_lease_time=3600

## released
lease reason=RELEASE old_ip_address=192.0.2.10 old_subnet_mask=255.255.255.0

## IPv6 before the lease
lease reason=PREINIT6

## bound by IPv6
lease reason=BOUND6 new_ip6_address=2001:db8::10 new_ip6_prefixlen=64 new_preferred_life=300 \
    new_max_life=600 new_dhcp6_name_servers=2001:db8::3 new_dhcp6_domain_search=example.org.
cat /etc/resolv.conf

## renewed by IPv6
lease reason=RENEW6 new_ip6_address=2001:db8::10 new_ip6_prefixlen=64 new_preferred_life=3000 \
    new_max_life=6000 cur_ip6_address=2001:db8::10 cur_ip6_prefixlen=64 \
    old_ip6_address=2001:db8::10 old_ip6_prefixlen=64

## deprecated
lease reason=DEPREF6 cur_ip6_address=2001:db8::10 cur_ip6_prefixlen=64

## expired by IPv6
lease reason=EXPIRE6 old_ip6_address=2001:db8::10 old_ip6_prefixlen=64

## expired once more
lease reason=EXPIRE6 old_ip6_address=2001:db8::10 old_ip6_prefixlen=64

## dhclient asks a server in another namespace
: >/etc/group
echo 'nobody:x:0:0::/:/bin/sh' >/etc/passwd
ip netns exec router dnsmasq --conf-file=/dev/null --port=0 --interface=e1 --bind-interfaces \
    --dhcp-range=192.0.2.20,192.0.2.20,255.255.255.0,1h --dhcp-option=option:router,192.0.2.1 \
    --dhcp-option=option:mtu,1300 --no-ping --dhcp-leasefile=/run/leases --pid-file=/run/dnsmasq.pid
timeout 30 dhclient -4 -1 -q -pf /run/dhclient.pid -lf /run/dhclient.leases e0
ping -c 1 -W 5 -q 192.0.2.1

## and gives the address back
timeout 30 dhclient -4 -r -q -pf /run/dhclient.pid -lf /run/dhclient.leases e0
