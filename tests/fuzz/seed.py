#!/usr/bin/env python3
"""Writes the corpus that fuzzing begins with: what the kernel here says of many things.

    unshare -Urnm --mount-proc -pf tests/fuzz/seed.py target/reference/bin/ip

One file for each message of a dump, and what `save` writes, below tests/fuzz/corpus/.
"""
import os, re, socket, struct, subprocess, sys

ip, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
source = open(os.path.join(here, "src/doors.rs")).read()
kinds = [int(n) for n in re.search(r"KINDS: &\[u16\] = &\[([^\]]*)\]", source)[1].split(",") if n.strip()]

MAKE = """link set lo up
link add v0 type veth peer name v1
link add br0 type bridge mcast_querier 1
link set v1 master br0
link add mv0 link v0 type macvlan mode bridge
link add vx0 type vxlan id 42 dstport 4789 local 10.0.0.1 remote 10.0.0.2 dev v0
link add ifb0 type ifb
link property add dev v0 altname another-name
link set v0 alias text
link set v0 up
link set v1 up
address add 10.0.0.1/24 dev v0 label v0:a
address add 10.0.1.1 peer 10.0.1.2/32 dev v0
address add fd00::1/64 dev v0 valid_lft 1000 preferred_lft 500
route add 10.1.0.0/16 via 10.0.0.2 metric 7 mtu lock 1400 rtt 5 realms 3/4
route add 10.2.0.0/16 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3 dev v0
route add fd01::/64 via fd00::2 pref high
route add fd02::/64 encap seg6 mode encap segs fd00::5,fd00::6 dev v0
route add fd04::/64 encap seg6local action End.DX4 nh4 10.0.0.9 dev v0
route add fd05::/64 encap ioam6 mode inline trace prealloc type 0x800000 ns 1 size 12 dev v0
route add 10.3.0.0/16 encap ip id 7 dst 10.0.0.2 dev v0
route add blackhole 10.4.0.0/16 table 99
nexthop add id 1 via 10.0.0.2 dev v0
nexthop add id 2 via 10.0.0.3 dev v0
nexthop add id 3 group 1,5/2 type mpath
nexthop add id 4 group 1/2 type resilient buckets 4
route add 10.5.0.0/16 nhid 1
neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v0 nud permanent
neigh add proxy 10.0.0.8 dev v0
rule add pref 7 from 10.0.0.0/8 to 11.0.0.0/8 fwmark 5/7 iif v0 uidrange 5-9 ipproto tcp sport 1-2 dport 80 tun_id 9 table 300
rule add pref 8 goto 32766
addrlabel add prefix fd09::/64 label 7
"""
for line in MAKE.splitlines():
    if subprocess.run([ip, *line.split()]).returncode:
        print("this kernel has no", line, file=sys.stderr)

# RTM_GET*, family header.
DUMPS = [(18, b"\0" * 16), (22, b"\0" * 8), (26, b"\0" * 12), (30, b"\0" * 12), (34, b"\0" * 12),
         (66, b"\0" * 4), (74, b"\0" * 12), (82, b"\0" * 4), (106, b"\0" * 8), (118, b"\0" * 8),
         (90, b"\0" * 4), (30, b"\0" * 10 + b"\x08\0"), (18, b"\x07" + b"\0" * 15), (18, b"\0" * 16 + b"\x08\0\x1d\0\x01\0\0\0")]
sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
sock.bind((0, 0))
sock.settimeout(2)


def write(corpus, name, data):
    folder = os.path.join(here, "corpus", corpus)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


for at, (kind, header) in enumerate(DUMPS):
    sock.send(struct.pack("=IHHII", 16 + len(header), kind, 0x301, at, 0) + header)
    count, done = 0, False
    while not done:
        try:
            data = sock.recv(1 << 16)
        except TimeoutError:
            break
        while len(data) >= 16:
            size, told, _, _, _ = struct.unpack("=IHHII", data[:16])
            if told in (2, 3):
                done = True
                break
            payload = data[16:size]
            payload += b"\0" * (-len(payload) % 8)
            if told in kinds and len(payload) < 2040:
                first = (count % 8) * 2
                write("messages", f"seed-{told}-{at}-{count}", bytes([first, kinds.index(told), len(payload) // 8]) + payload)
                count += 1
            data = data[(size + 3) & ~3:]

for at, words in enumerate((["route"], ["-6", "route"], ["address"], ["address"])):
    saved = subprocess.run([ip, *words, "save"], stdout=subprocess.PIPE).stdout
    write("saved", f"seed-{at}", bytes([at]) + saved[4:])

for at, line in enumerate(MAKE.splitlines()):
    thing, rest = line.split(" ", 1)
    objects = re.findall(r'"([^"]*)"', re.search(r"OBJECTS: &\[&str\] = &\[([^\]]*)\]", source)[1])
    write("words", f"seed-{at}", bytes([objects.index(thing)]) + rest.encode())

# One rule of each kind of line that the cases feed to iptables.
cases = os.path.join(here, "../cases/iptables")
for file in sorted(os.listdir(cases)):
    seen = []
    for line in open(os.path.join(cases, file)):
        words = re.match(r"(?:ours: |theirs: )?(ip6?tables) (?:-t (\w+) )?(-A .*)", line)
        if words and words[3] not in seen and len(seen) < 8:
            seen.append(words[3])
            first = 1 if words[1] == "ip6tables" else 0
            text = f"*{words[2] or 'filter'}\n{words[3]}\nCOMMIT\n"
            write("rules", f"seed-{file.removesuffix('.cases')}-{len(seen)}", bytes([first]) + text.encode())
