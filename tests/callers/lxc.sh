# The bridge of LXC's containers, as its service starts and stops it, with Debian's dnsmasq.
# There is one user here, so dnsmasq is to become nobody else and is told of no group.
grep -q lxc-dnsmasq /etc/passwd || echo 'lxc-dnsmasq:x:0:0::/:/bin/sh' >>/etc/passwd
: >/etc/group
mkdir -p /run/lxc /var/lib/misc
ip link set lo up

## start
/usr/libexec/lxc/lxc-net start

## a second start says that it runs fails
/usr/libexec/lxc/lxc-net start

## stop
/usr/libexec/lxc/lxc-net stop

## start with settings of one's own
cat >/etc/default/lxc-net <<END
USE_LXC_BRIDGE="true"
LXC_BRIDGE="lab0"
LXC_BRIDGE_MAC="02:00:00:00:00:01"
LXC_ADDR="172.16.4.1"
LXC_NETMASK="255.255.252.0"
LXC_NETWORK="172.16.4.0/22"
LXC_DHCP_RANGE="172.16.4.2,172.16.7.254"
LXC_DHCP_MAX="253"
LXC_IPV6_ENABLE="false"
END
/usr/libexec/lxc/lxc-net start

## restart
/usr/libexec/lxc/lxc-net restart

## stop again
/usr/libexec/lxc/lxc-net stop

## stop what does not run fails
/usr/libexec/lxc/lxc-net stop
