# What Ansible finds out about the network.
export LC_ALL=C.UTF-8 CRYPTOGRAPHY_OPENSSL_NO_LEGACY=1 PYTHONDONTWRITEBYTECODE=1 ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false
# The order is that of a directory, and nobody's.
in_order='
import json, sys
def order(value):
    if isinstance(value, dict):
        return {key: order(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return sorted(map(order, value), key=str)
    return value
text = sys.stdin.read()
print(json.dumps(order(json.loads(text[text.index("{"):])), indent=1))
'
facts() {
    ansible -i localhost, -c local -m setup -a gather_subset='!all,!min,network' localhost |
        python3 -c "$in_order"
}

## nothing but lo
facts

## a network
ip link set lo up
ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:02
ip link add br0 address 02:00:00:00:00:03 type bridge
ip link set e0 up
ip link set e1 up
ip link set br0 up
ip addr add 192.0.2.1/24 brd + dev e0
ip addr add 192.0.2.2/24 dev e0
ip addr add 192.0.2.3/24 dev e0 label e0:x
ip addr add 198.51.100.1 peer 198.51.100.2/32 dev e1
ip addr add 2001:db8::1/64 dev e0 nodad
ip addr add 2001:db8::2/128 dev br0 nodad preferred_lft 0
ip route add default via 192.0.2.254
ip -6 route add default via 2001:db8::fe dev e0
facts

## the same without a default route
ip route del default
ip -6 route del default
facts
