# ferm's rule sets, given to the -restore commands and line by line.
# The order of its tables is that of Perl's hashes, and that of nobody else.
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0

## a firewall of both families
cat >/etc/ferm/ferm.conf <<'END'
@def $LAN = (10.0.0.0/8 192.0.2.0/24);
domain (ip ip6) table filter {
    chain INPUT {
        policy DROP;
        mod conntrack ctstate INVALID DROP;
        mod conntrack ctstate (ESTABLISHED RELATED) ACCEPT;
        interface lo ACCEPT;
        proto tcp dport (22 80 443) ACCEPT;
        proto udp mod multiport destination-ports (53 67:68) mod comment comment "names; and leases" ACCEPT;
        proto tcp syn mod limit limit 3/minute limit-burst 5 mod recent name knocks set NOP;
        proto tcp dport 25 REJECT reject-with tcp-reset;
        mod mark mark 0x10/0xff mod length length 100:200 ACCEPT;
        LOG log-level warning log-prefix "in: ";
    }
    chain guests { proto tcp dport 8000:8010 RETURN; DROP; }
    chain FORWARD policy DROP;
    chain OUTPUT { policy ACCEPT; mod owner uid-owner 0 DROP; }
}
domain ip table filter chain INPUT { proto icmp icmp-type echo-request ACCEPT; saddr $LAN ACCEPT; mod iprange src-range 198.51.100.3-198.51.100.9 DROP; }
domain ip6 table filter chain INPUT proto ipv6-icmp icmpv6-type (echo-request router-advertisement) ACCEPT;
domain ip table nat {
    chain PREROUTING interface eth0 proto tcp dport 8080 DNAT to 10.0.0.2:80;
    chain POSTROUTING saddr $LAN outerface eth0 MASQUERADE;
    chain POSTROUTING saddr 172.16.0.0/12 outerface ! eth0 SNAT to 192.0.2.1-192.0.2.3;
}
domain ip table mangle chain FORWARD { proto tcp tcp-flags (SYN RST) SYN TCPMSS clamp-mss-to-pmtu; TTL ttl-set 64; MARK set-mark 7; CONNMARK save-mark; }
domain ip table raw chain PREROUTING proto udp dport 53 CT notrack;
END
ferm /etc/ferm/ferm.conf

## line by line
ferm --slow /etc/ferm/ferm.conf

## another one in its place
echo 'domain ip table filter chain INPUT { policy ACCEPT; proto tcp dport 22 ACCEPT; }' >/etc/ferm/other.conf
ferm --noflush /etc/ferm/other.conf

## what is there when all is taken away
ferm --flush /etc/ferm/ferm.conf
