# wg-quick.

## up
mkdir -p /etc/wireguard
umask 077
cat >/etc/wireguard/wg0.conf <<END
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.7.0.1/24, 2001:db8:7::1/64
ListenPort = 51820
PostUp = iptables -A FORWARD -i %i -j ACCEPT; iptables -t nat -A POSTROUTING -o e0 -j MASQUERADE
PostDown = iptables -D FORWARD -i %i -j ACCEPT; iptables -t nat -D POSTROUTING -o e0 -j MASQUERADE
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
AllowedIPs = 10.7.0.2/32, 10.8.0.0/16, 2001:db8:8::/48
Endpoint = 192.0.2.254:51820
END
ip link set lo up
ip link add e0 address 02:00:00:00:00:01 type veth peer name e1 address 02:00:00:00:00:02
ip link set e0 up
ip link set e1 up
ip addr add 192.0.2.1/24 dev e0
ip route add default via 192.0.2.254
wg-quick up wg0

## once more fails
wg-quick up wg0

## what it is
wg show wg0 allowed-ips

## save
wg-quick save wg0
cat /etc/wireguard/wg0.conf

## down
wg-quick down wg0

## down once more fails
wg-quick down wg0

## everything through it
cat >/etc/wireguard/wg1.conf <<END
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.7.0.1/24
Address = 2001:db8:7::1/64
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = 192.0.2.254:51820
END
wg-quick up wg1

## no longer
wg-quick down wg1

## into a table of its own, with another size
cat >/etc/wireguard/wg2.conf <<END
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.7.0.1/24
Table = 123
MTU = 1300
PreUp = ip rule add fwmark 7 table 123
PostDown = ip rule del fwmark 7 table 123
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
AllowedIPs = 10.8.0.0/16
END
wg-quick up wg2

## and down
wg-quick down wg2
