# Mininet: hosts in namespaces, a Linux bridge as their switch, every host pings every other. A host
# is asked as a person would, by a terminal; that is light, where colours are of no version.
export COLORFGBG="0;15" PYTHONDONTWRITEBYTECODE=1

## two hosts and a switch
mn --switch lxbr --controller none --mac --test pingall >/run/said 2>&1
status=$?
sed "s/^completed in .*/completed/" /run/said
exit $status

## a row of three switches, its hosts' own view
cat >/run/row.py <<'END'
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import LinearTopo
net = Mininet(LinearTopo(3), switch=LinuxBridge, controller=None, autoSetMacs=True, autoStaticArp=True)
net.start()
print("lost", net.pingAll(timeout="5"))
first, last = net["h1"], net["h3"]
for words in ["ip addr show", "ip route", "ip neigh show 10.0.0.2", "route -n", "arp -n 10.0.0.3", "ip -br link",
              "ip route add 192.0.2.0/24 via 10.0.0.3", "ip route get 192.0.2.9",
              "iptables -A INPUT -p icmp -j DROP", "iptables -S INPUT",
              "sysctl net.ipv4.ip_forward"]:
    print(words)
    print(first.cmd(words))
print("lost", net.ping([first, last], timeout="1"))
net.configLinkStatus("s1", "s2", "down")
print("lost", net.ping([net["h2"], last], timeout="5"))
first.setIP("10.0.0.77", 8)
first.setMAC("02:00:00:00:00:77")
first.setARP("10.0.0.9", "02:00:00:00:00:99")
first.setDefaultRoute("dev h1-eth0")
print(first.cmd("ip -br addr; ip route; arp -n 10.0.0.9"))
net.stop()
END
python3 /run/row.py | sed "s/64 bytes.*//"
