# Arno's firewall, a script of some thousand calls.

## start
ip link set lo up
ip link add net0 address 02:00:00:00:00:01 type veth peer name net1 address 02:00:00:00:00:02
ip link add lan0 address 02:00:00:00:00:03 type veth peer name lan1 address 02:00:00:00:00:04
ip addr add 192.0.2.1/24 dev net0
ip addr add 10.0.0.1/24 dev lan0
ip link set net0 up
ip link set lan0 up
cat >/etc/arno-iptables-firewall/conf.d/00debconf.conf <<'END'
EXT_IF="net0"
EXT_IF_DHCP_IP=0
INT_IF="lan0"
INTERNAL_NET="10.0.0.0/24"
NAT=1
NAT_INTERNAL_NET="10.0.0.0/24"
OPEN_TCP="22 80"
OPEN_UDP="53"
END
/usr/sbin/arno-iptables-firewall start >/run/said
status=$?
sed 's/.*\(All firewall rules applied\)/\1/' /run/said
exit $status

## status
/usr/sbin/arno-iptables-firewall status

## stop
/usr/sbin/arno-iptables-firewall stop
