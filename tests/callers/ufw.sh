# The firewall of ufw, which calls iptables, its -restore and their IPv6 likes by absolute paths.
export PYTHONDONTWRITEBYTECODE=1
if [ ! -e /etc/ufw/user.rules ]; then
    cp /usr/share/ufw/iptables/*.rules /etc/ufw/
    cp /usr/share/ufw/ufw.conf /etc/ufw/ 2>/dev/null || printf 'ENABLED=no\nLOGLEVEL=low\n' >/etc/ufw/ufw.conf
    cp /usr/share/ufw/default.ufw /etc/default/ufw 2>/dev/null || :
    chmod 640 /etc/ufw/*.rules
fi

## what it needs
/usr/share/ufw/check-requirements -f

## rules before it begins
ufw allow 22/tcp
ufw limit ssh/tcp
ufw deny from 203.0.113.0/24
ufw --force enable

## rules while it runs
ufw allow in on eth0 proto udp from 192.0.2.0/24 to any port 53,67:68
ufw allow from 2001:db8::/32 to any port 443 proto tcp comment "the web"
ufw reject out on eth1 to 198.51.100.7 port 25 proto tcp
ufw route allow in on eth0 out on eth1 from 10.0.0.0/8
ufw insert 1 deny from 203.0.113.7
ufw allow log-all 8080/tcp
ufw allow proto ah from 192.0.2.9
ufw status numbered
ufw status verbose

## what the kernel has
ufw show raw
ufw show listening
ufw show added

## rules go
ufw delete allow 22/tcp
ufw --force delete 1
ufw status

## other defaults and more logging
ufw default reject incoming
ufw default allow routed
ufw logging full
ufw reload
ufw status verbose

## a dry run
ufw --dry-run allow 9999

## it ends
ufw disable

## it is set back
ufw --force reset

## a rule that is none fails
ufw allow from 300.1.1.1
