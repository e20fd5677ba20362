# CNI's plugins: iptables for a bridge's masquerading, for ports and a firewall.
export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni
conf='"cniVersion": "0.4.0", "name": "lab"'

## a bridge with masquerading
ip link set lo up
ip netns add c1
ip link add cni0 address 02:00:00:00:00:22 type bridge
echo "{$conf, \"type\": \"bridge\", \"bridge\": \"cni0\", \"isGateway\": true, \"ipMasq\": true,
    \"ipam\": {\"type\": \"host-local\", \"subnet\": \"10.22.0.0/16\", \"routes\": [{\"dst\": \"0.0.0.0/0\"}]}}" >/run/bridge
CNI_COMMAND=ADD /usr/lib/cni/bridge </run/bridge >/run/result
grep -c 10.22.0.2 /run/result

## ports
prev=$(tr -d '\n\t' </run/result)
ports='"runtimeConfig": {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"},
    {"hostPort": 5353, "containerPort": 53, "protocol": "udp", "hostIP": "192.0.2.1"}]}'
echo "{$conf, \"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}, \"snat\": true, $ports, \"prevResult\": $prev}" >/run/portmap
CNI_COMMAND=ADD /usr/lib/cni/portmap </run/portmap >/dev/null

## a look at them, which wants a chain of IPv6, too, fails
CNI_COMMAND=CHECK /usr/lib/cni/portmap </run/portmap

## a firewall
prev=$(tr -d '\n\t' </run/result)
echo "{$conf, \"type\": \"firewall\", \"backend\": \"iptables\", \"ingressPolicy\": \"same-bridge\", \"prevResult\": $prev}" >/run/firewall
CNI_COMMAND=ADD /usr/lib/cni/firewall </run/firewall >/dev/null

## all taken away
CNI_COMMAND=DEL /usr/lib/cni/firewall </run/firewall
CNI_COMMAND=DEL /usr/lib/cni/portmap </run/portmap
CNI_COMMAND=DEL /usr/lib/cni/bridge </run/bridge

## once more, for nothing
CNI_COMMAND=DEL /usr/lib/cni/portmap </run/portmap
