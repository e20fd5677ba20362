#!/usr/bin/env bash
# What tests/packages/run.sh does in a clean Debian: run as root with that as the root directory, the
# package as /ipbox.deb, and namespaces of its own for mounts, network and processes.
set -uo pipefail
work=/run/work
mkdir -p $work /run/netns
export DEBIAN_FRONTEND=noninteractive
# Shells leave something at home.
export HOME=$work

failed=0
check() {
    local what=$1
    shift
    if "$@" >$work/said 2>&1; then
        echo "ok: $what"
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        sed 's/^/    /' $work/said | head -n 40
    fi
}
refuses() { ! "$@"; }

# The whole machine in one file: each file with its kind, mode, owner, time and sum, each link with
# where it points, each capability, what is diverted, which alternatives are chosen. Left out are
# logs, dpkg's copies of what was before, when dpkg wrote its files, and the index of man-db.
state() {
    {
        find / -xdev \( -path /run -o -path /proc -o -path /sys -o -path /var/log -o -path /var/cache/man \
            -o -path /tmp \) -prune -o ! -type f ! -type l -printf '%M %u %g %p\n' \
            -o -type l -printf '%M %u %g %p -> %l\n' -o -path '/var/lib/dpkg/*' -printf '%M %u %g %p\n' \
            -o -printf '%M %u %g %T@ %p\n'
        find / -xdev \( -path /run -o -path /proc -o -path /sys -o -path /var/log -o -path /var/cache/man \
            -o -path /tmp \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
        getcap -r /usr 2>/dev/null
        dpkg-divert --list
        update-alternatives --get-selections
        dpkg -l
    } | grep -v -e '/var/lib/dpkg/[a-z]*-\(old\|new\)$' -e '/var/lib/dpkg/lock' -e '/var/lib/dpkg/triggers/Lock' \
        -e ' /var/lib/dpkg/\(status\|diversions\|available\)$' -e ' /var/lib/dpkg/alternatives/ip6\?tables$' |
        LC_ALL=C sort >"$1"
}
same() { diff -U0 "$1" "$2" | grep '^[-+]'; [ "${PIPESTATUS[0]}" = 0 ]; }
install() { dpkg --install /ipbox.deb; }
is_ours() { # NAME...
    local name
    for name in "$@"; do
        [ "$(readlink -f "$(command -v "$name")")" = /usr/bin/ipbox ] || { echo "$name is $(readlink -f "$(command -v "$name")")"; return 1; }
    done
}
is_theirs() {
    local name
    for name in "$@"; do is_ours "$name" && { echo "$name is ours"; return 1; }; done
    return 0
}
all=(ip arp route ping ping4 ping6 sysctl iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore)
chosen() { update-alternatives --query "$1" | sed -n "/^\$/q; s/^$2: //p"; }

# What each shell makes of a beginning, in a shell of its own.
in_bash() { # LINE: the candidates
    bash -c '
        . /usr/share/bash-completion/bash_completion
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"$1"
        case $1 in *" ") COMP_WORDS+=("") ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        if declare -F _comp_load >/dev/null; then _comp_load -- "${COMP_WORDS[0]}"; else __load_completion "${COMP_WORDS[0]}"; fi
        how=$(complete -p "${COMP_WORDS[0]}") || exit
        how=${how#*-F }
        ${how%% *} "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf "%s\n" "${how%% *}" "${COMPREPLY[@]}"' _ "$1"
}
bash_ours() { in_bash "$1" >$work/words; cat $work/words; grep -qx _ipbox $work/words && grep -qx "$2 *" $work/words; }
zsh_ours() { # NAME: who completes it
    zsh -fc 'autoload -Uz compinit; compinit -u -D; print -r -- ${_comps[$1]}' _ "$1"
}
fish_ours() { # LINE WORD
    fish -c "complete -C '$1'" >$work/words
    cat $work/words
    grep -q "^$2" $work/words
}
page() { man -w "$1"; }

# A legacy ip6tables, chosen by hand: that must come back, too.
update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy >/dev/null
state $work/before

check "it is installed" install
state $work/installed
others_unchanged() {
    # What was there is there, but for what dpkg and update-alternatives write down.
    LC_ALL=C comm -23 $work/before $work/installed | grep -v ' /var/lib/dpkg/triggers/File$' >$work/gone
    cat $work/gone
    [ ! -s $work/gone ]
}
check "and changes no file of others" others_unchanged
check "nor who answers to their names" is_theirs "${all[@]}"
check "one more alternative of iptables" eval 'update-alternatives --list iptables | grep -qx /usr/lib/ipbox/bin/iptables'
check "dpkg finds what it installed" eval '[ -z "$(dpkg --verify ipbox)" ]'
check "nothing is set-user-ID, and it has no capability" eval \
    '[ -z "$(dpkg -L ipbox | xargs -d "\n" -I{} find {} -maxdepth 0 -type f -perm /6000)" ] && [ -z "$(getcap /usr/bin/ipbox)" ]'

check "ipbox ip netns add red" eval 'ipbox ip netns add red && [ "$(ipbox ip netns list)" = red ] && ipbox ip netns del red'
lab() { # as an ordinary user, where this kernel lets one
    [ "$(setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all env HOME=/tmp \
        ipbox lab -- ip -br address show dev lo | cut -d' ' -f1)" = lo ]
}
check "ipbox lab, by nobody" lab
check "man ipbox" eval 'page ipbox | grep -qx /usr/share/man/man1/ipbox.1.gz && man ipbox | grep -q "network tools in one file"'
check "man ip-netns is iproute2's" eval 'dpkg -S "$(page ip-netns)" | grep -q "^iproute2:"'
check "bash completes ipbox" bash_ours 'ipbox la' lab
check "zsh completes ipbox" eval '[ "$(zsh_ours ipbox)" = _ipbox ]'
check "zsh completes ip as before" eval '[ "$(zsh_ours ip)" != _ipbox ]'
check "fish completes ipbox" fish_ours 'ipbox la' lab
check "the AppArmor profile is there and is understood" apparmor_parser -Q -K /etc/apparmor.d/ipbox
check "a profile that is not, is not" eval 'sed s/userns,/usernss,/ /etc/apparmor.d/ipbox >$work/wrong; refuses apparmor_parser -Q -K $work/wrong'

# First on PATH, for one shell.
on_path() {
    PATH=/usr/lib/ipbox/bin:$PATH
    is_ours "${all[@]}" && page ip-netns | grep -qx /usr/lib/ipbox/share/man/man8/ip-netns.8.gz
}
check "first on PATH: commands and pages are ours" eval '( on_path )'

# In front, and back.
check "wrong words are refused" eval 'refuses ipbox-alternatives && refuses ipbox-alternatives forth && refuses ipbox-alternatives front bridge'
check "nobody cannot" eval 'refuses setpriv --reuid nobody --regid nogroup --clear-groups ipbox-alternatives front'
state $work/now
check "and nothing has changed" same $work/installed $work/now
# Somebody asks for ip all the time meanwhile.
ask() { while [ ! -e $work/enough ]; do ip -V >/dev/null 2>$work/absence || cat $work/absence >>$work/absent; done; }
: >$work/absent
rm -f $work/enough
ask & asking=$!
check "ipbox-alternatives front" ipbox-alternatives front
check "all are ours" is_ours "${all[@]}" /usr/sbin/ip /bin/ip /sbin/ip
status() { ipbox-alternatives status; [ "$(ipbox-alternatives status | grep -c ': ipbox$')" = 7 ]; }
check "and status says so" status
use() {
    set -e
    ip netns add red
    ip -n red link set lo up
    ip netns exec red ping -c1 127.0.0.1
    iptables -A INPUT -p tcp --dport 80 -j ACCEPT
    [ "$(iptables -S INPUT | tail -n1)" = '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT' ]
    iptables -F INPUT
    ip netns del red
}
check "they are used" eval '( use )'
check "man ip-netns is ours" eval '[ "$(readlink -f "$(page ip-netns)")" = /usr/lib/ipbox/share/man/man8/ip-netns.8.gz ] && man ip-netns | grep -q netns'
check "man iptables is ours" eval '[ "$(readlink -f "$(page iptables)")" = /usr/lib/ipbox/share/man/man8/iptables.8.gz ]'
check "bash completes ip with ours" bash_ours 'ip netn' netns
check "zsh completes ip with ours" eval '[ "$(zsh_ours ip)" = _ipbox-ip ]'
check "fish completes ip with ours" fish_ours 'ip netn' netns
check "theirs can be chosen, with its page" eval '
    update-alternatives --set ip /usr/bin/ip.distrib && is_theirs ip && ip -V | grep -q iproute2 &&
    zcat "$(page ip-netns)" | grep -q "^\.TH" && [ "$(zsh_ours ip)" != _ipbox-ip ]'
check "and that stays when the package comes again" eval 'install && is_theirs ip && is_ours ping iptables'
check "and ours again" eval 'update-alternatives --set ip /usr/lib/ipbox/bin/ip && is_ours ip && ipbox-alternatives front && is_ours ip'
check "ipbox-alternatives back" ipbox-alternatives back
touch $work/enough
wait $asking
check "at no time there was no ip" eval 'cat $work/absent; [ ! -s $work/absent ]'
state $work/now
check "everything is as after the installation" same $work/installed $work/now

check "one group alone, and its removal with the package" eval '
    ipbox-alternatives front iptables ping && is_ours iptables ip6tables ping && is_theirs ip arp && dpkg --purge ipbox'
state $work/now
check "nothing is left" same $work/before $work/now

# Somebody else has diverted arp: that group is not touched.
install >/dev/null 2>&1
dpkg-divert --quiet --package other --divert /usr/sbin/arp.other --no-rename --add /usr/sbin/arp
state $work/diverted
check "what others divert is refused" eval 'refuses ipbox-alternatives front arp && is_theirs arp'
state $work/now
check "and nothing has changed" same $work/diverted $work/now
dpkg-divert --quiet --package other --divert /usr/sbin/arp.other --no-rename --remove /usr/sbin/arp

# It was killed half-way, there or back: going back goes back.
killed() {
    local n
    for n in 01 05 1 2 4 6 8; do
        [ "$1" = front ] || ipbox-alternatives front ip iptables || return
        timeout -s KILL 0.$n ipbox-alternatives "$1" ip iptables
        ipbox-alternatives back || return
        state $work/now
        same $work/installed $work/now || { echo "after 0.$n s"; return 1; }
    done
}
state $work/installed
check "killed on its way to the front, it goes back" killed front
check "killed on its way back, it goes back" killed back

# Somebody has put a file of his own where our link was.
own() {
    set -e
    ipbox-alternatives front arp
    rm /usr/sbin/arp
    echo mine >/usr/sbin/arp
    refuses ipbox-alternatives back
    refuses ipbox-alternatives front
    refuses dpkg --remove ipbox
    [ "$(cat /usr/sbin/arp)" = mine ]
    rm /usr/sbin/arp
    ipbox-alternatives back
    install
    state $work/now
    same $work/installed $work/now
}
check "a file that somebody has put there is kept" eval '( own )'

# While ours is in front, another package brings new files: they come in when ours goes.
newer() {
    set -e
    mkdir -p $work/deb/DEBIAN $work/deb/usr/sbin
    printf 'Package: net-tools\nVersion: 99\nArchitecture: all\nMaintainer: nobody\nDescription: newer\n' >$work/deb/DEBIAN/control
    printf '#!/bin/sh\necho newer arp\n' >$work/deb/usr/sbin/arp
    chmod 755 $work/deb/usr/sbin/arp
    dpkg-deb --build $work/deb $work/net-tools.deb
    ipbox-alternatives front
    dpkg --install $work/net-tools.deb
    is_ours arp
    ipbox-alternatives back
    [ "$(arp)" = 'newer arp' ]
    [ -z "$(dpkg-divert --list | grep ipbox)" ]
    # route is no longer there: its package has none.
    [ ! -e /usr/sbin/route ] && [ ! -L /usr/sbin/route ]
}
check "a package is upgraded while ours is in front" eval '( newer )'
dpkg --purge ipbox >/dev/null 2>&1

# Where there is none of the others.
dpkg --purge --force-depends iproute2 iptables net-tools iputils-ping >/dev/null 2>&1
state $work/before
check "it is installed where there are no others" install
check "iptables is ours at once, for it is the only one" is_ours iptables iptables-save ip6tables
check "ip is not there yet" eval '! command -v ip'
check "ipbox-alternatives front" ipbox-alternatives front
check "all are ours" is_ours "${all[@]}"
check "man ip-netns" eval 'man ip-netns | grep -q netns'
check "and are used" eval '( use )'
check "its removal" dpkg --purge ipbox
state $work/now
check "nothing is left" same $work/before $work/now

exit $((failed > 0))
