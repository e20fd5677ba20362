# Ban and unban by the actions of fail2ban that call iptables, at the word of its own server.
export PYTHONDONTWRITEBYTECODE=1
# The server acts when it gets to it.
called() {
    for _ in $(seq 100); do grep -q -e "$1" /run/called && return; sleep 0.1; done
    return 1
}

## the server starts
mkdir -p /run/fail2ban /var/lib/fail2ban
: >/var/log/fail2ban.log
: >/run/auth.log
cat >/etc/fail2ban/jail.local <<END
[DEFAULT]
allowipv6 = auto
backend = polling
logpath = /run/auth.log
usedns = no
maxretry = 2
findtime = 10m
bantime = 1h
[sshd]
enabled = true
backend = polling
logpath = /run/auth.log
banaction = iptables-multiport
port = 22,2222
[recidive]
enabled = true
logpath = /run/auth.log
banaction = iptables-allports
protocol = all
[postfix]
enabled = true
backend = polling
logpath = /run/auth.log
banaction = iptables
port = smtp
blocktype = DROP
[dovecot]
enabled = true
backend = polling
logpath = /run/auth.log
banaction = iptables-new
port = imap
END
rm -f /etc/fail2ban/jail.d/*
fail2ban-client --loglevel ERROR --logtarget /run/fail2ban.log start
fail2ban-client ping
cat /run/fail2ban.log

## the first one banned, for which the chain is made
fail2ban-client set sshd banip 192.0.2.5
called 192.0.2.5
fail2ban-client get sshd banip

## two more, of both families
fail2ban-client set sshd banip 192.0.2.6
called 192.0.2.6
fail2ban-client set sshd banip 2001:db8::7
called 2001:db8::7

## all ports, one port, and only what begins
fail2ban-client set recidive banip 198.51.100.9
called '198.51.100.9'
fail2ban-client set postfix banip 198.51.100.10
called '198.51.100.10'
fail2ban-client set dovecot banip 198.51.100.11
called '198.51.100.11'

## one is let go
fail2ban-client set sshd unbanip 192.0.2.5
called '-D.*192.0.2.5'

## its chain was taken away by somebody else
iptables -F INPUT
fail2ban-client set sshd banip 192.0.2.12
called 192.0.2.12

## somebody tries passwords
date=$(date '+%b %e %T')
for n in 1 2 3; do
    echo "$date lab sshd[7]: Failed password for root from 203.0.113.$n port 4000 ssh2"
    echo "$date lab sshd[7]: Failed password for root from 203.0.113.2 port 4000 ssh2"
done >>/run/auth.log
called 203.0.113.2

## a jail ends, and then the server
fail2ban-client stop postfix
fail2ban-client stop
for _ in $(seq 100); do [ -e /run/fail2ban/fail2ban.sock ] || break; sleep 0.1; done
cat /run/fail2ban.log
