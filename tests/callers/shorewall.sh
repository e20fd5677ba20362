# Shorewall tries what iptables can do, some hundred times, and compiles its files to -restore's input.

## what it finds that iptables can do
ip link set lo up
ip link add net0 address 02:00:00:00:00:01 type veth peer name net1 address 02:00:00:00:00:02
ip link add lan0 address 02:00:00:00:00:03 type veth peer name lan1 address 02:00:00:00:00:04
for link in net0 net1 lan0 lan1; do ip link set $link up; done
ip addr add 192.0.2.1/24 dev net0
ip addr add 10.0.0.1/24 dev lan0
ip route add default via 192.0.2.254
touch /var/log/messages
mkdir -p /run/lock/subsys /var/lib/shorewall
printf '#ZONE TYPE\nfw firewall\nnet ipv4\nloc ipv4\n' >/etc/shorewall/zones
printf '?FORMAT 2\nnet net0 tcpflags,nosmurfs,routefilter,logmartians\nloc lan0 tcpflags,nosmurfs\n' >/etc/shorewall/interfaces
printf 'loc net ACCEPT\n$FW all ACCEPT\nnet all DROP info\nall all REJECT info\n' >/etc/shorewall/policy
printf 'MASQUERADE 10.0.0.0/8 net0\n' >/etc/shorewall/snat
cat >/etc/shorewall/rules <<'END'
?SECTION NEW
ACCEPT net $FW tcp 22 - - s:3/min:5
DNAT net loc:10.0.0.2:80 tcp 8080
REDIRECT loc 3128 tcp 80
Ping(ACCEPT) all all
DNS(ACCEPT) loc $FW
REJECT loc:10.0.0.66 net
LOG:info net $FW udp 161
DROP net:198.51.100.0/24 all
END
shorewall show capabilities

## start
shorewall start

## a host is not to be heard
shorewall drop 203.0.113.9
shorewall reject 203.0.113.10
shorewall show dynamic | sed 's/ [A-Z][a-z][a-z] [A-Z][a-z][a-z] .*//'

## reload
echo 'ACCEPT net $FW tcp 443' >>/etc/shorewall/rules
shorewall reload

## save
shorewall save

## stop
shorewall stop

## clear
shorewall clear
