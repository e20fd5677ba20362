# The network of the tutorial, whole: four rooms on a bridge, NAT, and a published web server.
for r in red blue green orange; do ip netns add $r; done
ip link add v-net-0 type bridge; ip link set v-net-0 up
n=1; for r in red blue green orange; do
ip link add veth-$r type veth peer name veth-$r-br; ip link set veth-$r netns $r; ip link set veth-$r-br master v-net-0
ip -n $r addr add 192.168.15.$n/24 dev veth-$r; ip -n $r link set veth-$r up; ip link set veth-$r-br up; n=$((n+1)); done
ip addr add 192.168.15.5/24 dev v-net-0
for r in red blue green orange; do ip -n $r route add default via 192.168.15.5; done
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
ip netns exec blue web-server 80
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.15.2:80
iptables -A FORWARD -p tcp -d 192.168.15.2 --dport 80 -m state --state NEW,ESTABLISHED,RELATED -j ACCEPT
