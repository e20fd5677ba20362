# The script that vpnc and openconnect have set up the network.
vpn() {
    env -i PATH="${VPN_PATH:-$PATH}" TUNDEV=t0 VPNGATEWAY=203.0.113.1 INTERNAL_IP4_ADDRESS=10.9.0.2 \
        INTERNAL_IP4_NETMASK=255.255.255.0 INTERNAL_IP4_NETADDR=10.9.0.0 INTERNAL_IP4_NETMASKLEN=24 \
        INTERNAL_IP4_DNS=10.9.0.1 CISCO_DEF_DOMAIN=example.org VPNPID=1 "$@" \
        sh /usr/share/vpnc-scripts/vpnc-script
}
no_tun() { ! [ -e /sys/class/net/t0 ]; }

## everything through the tunnel
ip link set lo up
ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:02
ip link add t0 address 02:00:00:00:00:03 type veth peer name t1 address 02:00:00:00:00:04
ip link set e0 up
ip link set e1 up
ip link set t1 up
ip addr add 192.0.2.1/24 dev e0
ip addr add 2001:db8::1/64 dev e0 nodad
ip route add default via 192.0.2.254 metric 100
vpn reason=connect INTERNAL_IP6_ADDRESS=2001:db8:9::2 INTERNAL_IP6_NETMASK=2001:db8:9::2/64

## the connection is back
vpn reason=attempt-reconnect
vpn reason=reconnect

## the end
vpn reason=disconnect INTERNAL_IP6_ADDRESS=2001:db8:9::2 INTERNAL_IP6_NETMASK=2001:db8:9::2/64

## some networks through the tunnel, some not
ip link set e0 up
vpn reason=connect INTERNAL_IP4_MTU=1300 CISCO_SPLIT_INC=2 \
    CISCO_SPLIT_INC_0_ADDR=10.10.0.0 CISCO_SPLIT_INC_0_MASK=255.255.0.0 CISCO_SPLIT_INC_0_MASKLEN=16 \
    CISCO_SPLIT_INC_1_ADDR=10.11.0.0 CISCO_SPLIT_INC_1_MASK=255.255.255.0 CISCO_SPLIT_INC_1_MASKLEN=24 \
    CISCO_SPLIT_EXC=1 \
    CISCO_SPLIT_EXC_0_ADDR=10.10.5.0 CISCO_SPLIT_EXC_0_MASK=255.255.255.0 CISCO_SPLIT_EXC_0_MASKLEN=24 \
    INTERNAL_IP6_ADDRESS=2001:db8:9::2 INTERNAL_IP6_NETMASK=2001:db8:9::2/64 CISCO_IPV6_SPLIT_INC=1 \
    CISCO_IPV6_SPLIT_INC_0_ADDR=2001:db8:a:: CISCO_IPV6_SPLIT_INC_0_MASKLEN=48

## and the end
vpn reason=disconnect CISCO_SPLIT_INC=2 \
    CISCO_SPLIT_INC_0_ADDR=10.10.0.0 CISCO_SPLIT_INC_0_MASK=255.255.0.0 CISCO_SPLIT_INC_0_MASKLEN=16 \
    CISCO_SPLIT_INC_1_ADDR=10.11.0.0 CISCO_SPLIT_INC_1_MASK=255.255.255.0 CISCO_SPLIT_INC_1_MASKLEN=24 \
    CISCO_SPLIT_EXC=1 \
    CISCO_SPLIT_EXC_0_ADDR=10.10.5.0 CISCO_SPLIT_EXC_0_MASK=255.255.255.0 CISCO_SPLIT_EXC_0_MASKLEN=24 \
    INTERNAL_IP6_ADDRESS=2001:db8:9::2 INTERNAL_IP6_NETMASK=2001:db8:9::2/64 CISCO_IPV6_SPLIT_INC=1 \
    CISCO_IPV6_SPLIT_INC_0_ADDR=2001:db8:a:: CISCO_IPV6_SPLIT_INC_0_MASKLEN=48

## a machine that has no ip: everything by route
mkdir -p /run/without
for f in /usr/bin/* /usr/sbin/*; do [ "${f##*/}" = ip ] || ln -s "$f" /run/without/ 2>/dev/null || :; done
ip route replace default via 192.0.2.254
VPN_PATH=/run/without vpn reason=connect

## and its end
VPN_PATH=/run/without vpn reason=disconnect
