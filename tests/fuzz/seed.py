#!/usr/bin/env python3
"""Writes the corpus that fuzzing begins with: what the kernel here says of many things.

    unshare -Urnm --mount-proc -pf tests/fuzz/seed.py target/reference/bin/ip target/*/debug/ipbox

One file for each message of a dump, what `save` writes, and what the second program is answered
by the kernel (that needs strace), below tests/fuzz/corpus/.
"""
import os, re, socket, struct, subprocess, sys

ip, ours, here = sys.argv[1], sys.argv[2], os.path.dirname(os.path.abspath(__file__))
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

# The recorded messages of IPsec, as tests/it/xfrm.rs has them.
known = [int(n) for n in re.search(r"IPSEC_KINDS: &\[u16\] = &\[([^\]]*)\]", source)[1].split(",") if n.strip()]
for at, line in enumerate(open(os.path.join(here, "../it/xfrm.msgs"))):
    data = bytes.fromhex(line)
    told, payload = struct.unpack("=H", data[4:6])[0], data[16:]
    payload += b"\0" * (-len(payload) % 8)
    if told in known and at % 3 == 0:
        write("ipsec", f"seed-{told}-{at}", bytes([at % 4 * 2, known.index(told), len(payload) // 8]) + payload)

TUNNELS = """tunnel add t1 mode gre remote 10.0.0.1 local 10.0.0.2 ikey 1.2.3.4 okey 7 icsum oseq ttl 5 tos inherit/0x10 dev lo
tunnel 6rd dev t1 6rd-prefix 2001:db8::/32 6rd-relay_prefix 10.0.0.0/8
tunnel change t1 mode ip6gre remote fd00::1 encaplimit none hoplimit 5 tclass inherit flowlabel 5 dscp inherit allow-localremote
xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 7 mode tunnel aead rfc4106(gcm(aes)) 0x0102 128 flag esn replay-window 64 sel proto tcp sport 5 limit byte-soft 7
xfrm state list nokeys src 10.0.0.0/8 mode tunnel reqid 5 flag esn
xfrm policy add dir out src 10.0.0.0/8 dst 11.0.0.0/8 priority 5 flag icmp tmpl src 1.1.1.1 dst 2.2.2.2 proto esp mode tunnel level use
xfrm policy list dir in proto gre key 1.2.3.4"""
for at, line in enumerate(TUNNELS.splitlines()):
    thing = max((o for o in objects if line.startswith(o + " ")), key=len)
    rest = line[len(thing) + 1:]
    write("words", f"seed-tunnel-{at}", bytes([objects.index(thing)]) + rest.encode())

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

# Whole conversations, one for each view.
RULES = """*nat
-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:80
-A POSTROUTING -s 10.0.0.0/24 -o v0 -j MASQUERADE
COMMIT
*mangle
-A PREROUTING -m conntrack --ctstate NEW -j MARK --set-mark 5
COMMIT
*filter
:own - [0:0]
-A INPUT -i lo -m comment --comment "a remark" -j own
-A INPUT ! -s 10.0.0.0/8 -p udp -m multiport --dports 53,67:68 -j REJECT
-A FORWARD -m limit --limit 5/min -j LOG --log-prefix "x "
-A own -m set --match-set no src -j RETURN
-A own -p tcp ! --syn -j DROP
COMMIT
"""
for name in ("iptables", "ip6tables"):
    for text in RULES.splitlines():
        # What the family or this kernel has not is left out line by line.
        table = text[1:] if text.startswith("*") else table
        words = ["-N", text[1:].split()[0]] if text.startswith(":") else text.split(" ")
        if text[:1] in "-:":
            script = f"{name} -t {table} {' '.join(words)}"
            subprocess.run(["sh", "-c", f"exec {os.path.dirname(ip)}/{script}"], stderr=subprocess.DEVNULL)
for line in ("link add bo0 type bridge vlan_filtering 1", "netns add one", "netns set one 7", "token set ::5 dev v0",
             "link add ms0 link v0 type macsec", "macsec add ms0 tx sa 0 pn 1 on key 01 12345678901234567890123456789012"):
    subprocess.run([ip, *line.split()], stderr=subprocess.DEVNULL)

table = re.search(r"pub const VIEWS: [^=]*= &\[(.*?)\n\];", source, re.S)[1]
lists = {n: [int(x, 0) for x in re.findall(r"0x\w+|\d+", body)]
         for n, body in re.findall(r"const (LINK|ROUTE|GENERIC|NFT): &\[u16\] = &\[([^\]]*)\]", source)}
END, CALL = b"\xff", re.compile(rb'(sendto|sendmsg|recvfrom|recvmsg)\((\d+), (.*)')
for at, (line, kinds) in enumerate(re.findall(r'\("([^"]+)", (&\[[^\]]*\]|\w+)\)', table)):
    kinds = lists.get(kinds) or [int(n, 0) for n in re.findall(r"0x\w+|\d+", kinds)]
    traced = subprocess.run(["strace", "-f", "-xx", "-e", "trace=sendto,sendmsg,recvfrom,recvmsg", "-e", "abbrev=none",
                             "-e", "raw=sendto,recvfrom", "-e", "read=all", "-e", "write=all", ours, *line.split()],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
    said, now, sent = bytes([at]), b"", False

    def take(data, out):
        while len(data) >= 16:
            size, kind, flags = struct.unpack("=IHH", data[:8])
            payload = data[16:max(size, 16)]
            if kind in kinds[1:] and kind != 3 or kind == 2 and payload[:4] != bytes(4):
                out += bytes([kinds.index(kind)]) + struct.pack("<H", len(payload)) + payload
            data = data[(max(size, 16) + 3) & ~3:]
        return out

    way, dump, asked = None, b"", 0
    for text in traced.split(b"\n") + [b"sendto(end"]:
        if match := re.match(rb"(?:\[pid +\d+\] )?(sendto|sendmsg|recvfrom|recvmsg)\(", text):
            if way == "recv":
                said = take(dump, said)
            way, dump = match[1][:4].decode(), b""
            if way == "send":
                said += END if asked else b""
                asked += 1
        elif match := re.match(rb" \| [0-9a-f]{5,}  ((?:[0-9a-f]{2} ?| )+)  ", text):
            dump += bytes.fromhex(match[1].decode().replace(" ", "")[:32])
    write("answers", f"seed-{at}", said.removesuffix(END))

for at, text in enumerate(("\0\0x\n\1\1dev lo\n\2\3'a b'\n\3\0no\n\4\5dev v0\n\5\6x\n\6\7\\\n\7\0y'", "\0\17 a", "\0\10 a\\\n\0\3b\n\1\3c\\")):
    write("batch", f"seed-{at}", text.encode())
tables = ("1 red\n0x2\tblue # a remark\n#\n255 green", "1 red\n", "127.0.0.1 red lo\n::1 blue red\n10.0.0.1\tgreen", "red 10.0.0.0 blue\n",
          "red 80/tcp blue\nblue 53/udp red\n", "green 6 TCP\nred 17 UDP\n", "red:x:1:1::/:/bin/sh\n", "hosts: files dns\n", "multi on\n")
for at in range(16):
    text = tables[max(0, at - 7)] if at > 8 else tables[at % 2]
    for way in range(4):
        write("names", f"seed-{at}-{way}", bytes([at + 16 * way]) + text.encode())
for at, text in enumerate(("net.ipv4.ip_forward = 1\n# x\n;y\n-net/ipv4/conf/lo.1/rp_filter=0\n\nkernel.a\n", "net.ipv4.conf.*.forwarding = 0\n-net.ipv4.conf.l[a-o]\n",
                           "net..ipv4//x=1\n-\n=\n net/ipv4/ip_forward =\n")):
    for way in range(4):
        write("settings", f"seed-{at}-{way}", bytes([way]) + text.encode())
