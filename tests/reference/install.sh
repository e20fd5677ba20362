#!/usr/bin/env bash
# Puts the tools that ipbox is compared with under target/reference/.
#
#   tests/reference/install.sh                          Debian stable's  -> target/reference/
#   REFERENCE_SUITE=testing tests/reference/install.sh  Debian testing's -> target/reference-testing/
#   tests/reference/install.sh tools                    mandoc, zsh, fish -> target/tools/, for
#                                                       an ordinary user whose machine has none
#   tests/reference/install.sh kernel                   Debian stable's kernel, and what starts it
#                                                       -> target/kernel/, for tests/vm/run.sh
#   tests/reference/install.sh callers                  programs that call the tools, in a small
#                                                       Debian of their own -> target/callers/, for
#                                                       tests/callers/run.sh
#   tests/reference/install.sh source                   prints the suite's name and where apt gets it,
#                                                       for tests/packages/root.sh
#
# iproute2, iptables, nftables, ipset, nfacct, iputils-ping, net-tools and procps are fetched with all
# libraries they need by apt's own machinery, from the archive that this machine's apt
# already uses, with the suite's name exchanged. apt works on a state of its own below
# target/, so the machine's package lists and packages are neither read nor changed, and an
# ordinary user can do it. Nothing runs from the packages but the tools themselves.
#
#   bin/NAME      starts a tool with the loader and the libraries that came with it
#   root/         the packages, unpacked
#   versions      what was unpacked: package and version, one a line
#   missing       callers only: the programs of which the suite has no package
#
# The tools know absolute paths that are not those of root/: name databases
# (/usr/share/iproute2), /etc/services and the like. A test's lab (tests/it/lab.rs) therefore
# binds those from root/ to where they are looked for, for our program too; outside of a lab
# the tools see what the machine has, or use what is built in.
#
# Doing it again when all is there takes a few milliseconds.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
suite=${REFERENCE_SUITE:-stable}
case ${1-}:$suite in
tools:*)
    packages=(mandoc zsh-static zsh-common fish)
    suite=stable
    dir=$target/tools
    ;;
source:*)
    suite=stable
    dir=
    ;;
kernel:*)
    packages=(linux-image-amd64 busybox-static)
    command -v qemu-system-x86_64 >/dev/null || packages+=(qemu-system-x86)
    suite=stable
    dir=$target/kernel
    ;;
callers:*)
    packages=(bash coreutils dash findutils grep hostname mawk sed util-linux base-files base-passwd
        debianutils netbase procps iproute2 iptables iputils-ping net-tools bridge-utils dnsmasq-base)
    callers=(ifupdown wireguard-tools mininet lxc isc-dhcp-client cloud-init ansible-core ufw
        fail2ban vpnc-scripts shorewall ferm arno-iptables-firewall
        containernetworking-plugins)
    suite=stable
    dir=$target/callers
    ;;
*)
    packages=(iproute2 iptables nftables ipset nfacct iputils-ping net-tools procps netbase)
    dir=$target/reference
    [ "$suite" = stable ] || dir+=-$suite
    ;;
esac

mark="$(cksum <tests/reference/install.sh) $suite"
[ -z "$dir" ] || [ "$(cat "$dir/installed" 2>/dev/null)" != "$mark" ] || exit 0

say() { printf '%s\n' "$*" >&2; }
die() { say "tests/reference/install.sh: $*"; exit 1; }
for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null || die "$tool is not here; the reference tools come as Debian packages"
done

# The name of the suite: stable is pinned by its code name, so that results do not change under us.
# shellcheck source=/dev/null
. /etc/os-release
case $ID in
ubuntu) stable=questing testing=resolute ;;
*) stable=trixie testing=testing ;;
esac
case $suite in
stable) suite=$stable ;;
testing) suite=$testing ;;
esac

# One installation at a time; whoever comes second finds it done.
if [ -n "$dir" ]; then
    mkdir -p "$dir"
    exec 9>"$dir/lock"
    flock 9
    [ "$(cat "$dir/installed" 2>/dev/null)" != "$mark" ] || exit 0
fi

# Where the machine gets its own release from, and with which key.
source=
while IFS='|' read -r uri release component entry; do
    [ "$component" = main ] || continue
    case $release in
    "${VERSION_CODENAME:-none}" | stable | oldstable | testing | unstable | sid) ;;
    *) continue ;;
    esac
    # "file:line" for one-line sources, "file:stanza" for the newer form
    key=$(sed -nE 's/^[^#]*[Ss]igned-[Bb]y(:[[:space:]]*|=)([^] [:space:]]+).*/\2/p' "${entry%:*}" | head -n1)
    source="deb ${key:+[signed-by=$key] }$uri $suite main"
    [ "$ID" != ubuntu ] || source+=" universe"
    break
done < <(apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)' 'Identifier: Packages')
[ -n "$source" ] || die "apt on this machine has no source of the distribution itself"
if [ -z "$dir" ]; then
    echo "$suite $source"
    exit 0
fi

apt=$(cd "$dir" && pwd)/apt
rm -rf "$apt" "$dir/root" "$dir/bin"
mkdir -p "$apt/lists/partial" "$apt/archives/partial"
: >"$apt/status"
printf '%s\n' "$source" >"$apt/sources.list"
options=(
    -q -o "Dir::State=$apt" -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status"
    -o "Dir::Cache=$apt" -o "Dir::Cache::archives=$apt/archives"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null
    -o "APT::Sandbox::User=$(id -un 2>/dev/null || echo root)" -o APT::Install-Recommends=false -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
    -o DPkg::Post-Invoke= -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success=
    -o APT::Keep-Downloaded-Packages=true -o Acquire::Retries=3
)
log=$apt/log
apt-get "${options[@]}" update >"$log" 2>&1 || { cat "$log" >&2; die "the package lists of $suite cannot be read"; }
if [ "${1-}" = callers ]; then
    : >"$dir/missing"
    tried=(apt-get "${options[@]}" -o Debug::NoLocking=true -s install "${packages[@]}")
    for package in "${callers[@]}"; do
        # Mostly all of them can be had.
        if [ ! -s "$dir/missing" ] && "${tried[@]}" "${callers[@]}" >"$log" 2>&1; then
            packages+=("${callers[@]}")
            break
        elif "${tried[@]}" "$package" >"$log" 2>&1; then
            packages+=("$package")
        else
            echo "$package" >>"$dir/missing"
            say "$package cannot be had: $(grep '^E:' "$log" | head -n1)"
        fi
    done
fi
# Nothing is installed according to the empty status file, so this brings every library.
# As an ordinary user apt would rather not take its lock of /var/lib/dpkg; it is not needed.
apt-get "${options[@]}" -o Debug::NoLocking=true -y --download-only install "${packages[@]}" >"$log" 2>&1 ||
    { cat "$log" >&2; die "the packages of $suite cannot be fetched"; }

mkdir -p "$dir/root" "$dir/bin"
for deb in "$apt"/archives/*.deb; do
    case $dir:${deb##*/} in
    # Of all that a kernel wants installed with it only these are used.
    */kernel:linux-image-[0-9]* | */kernel:busybox* | */kernel:qemu* | */kernel:seabios* | */kernel:ipxe* | */kernel:lib*) ;;
    */kernel:*) continue ;;
    esac
    case ${deb##*/} in
    perl*) [ "${1-}" = callers ] || continue ;;
    debconf_* | init-system-helpers_* | gcc-*-base_* | openssl-provider-legacy_*) continue ;;
    # Mininet's other switch and its measuring, and what a container has instead of a machine.
    openvswitch* | libllvm* | systemd_* | iperf* | libicu*) continue ;;
    esac
    dpkg-deb -x "$deb" "$dir/root"
    dpkg-deb -f "$deb" Package Version | sed 's/^[A-Za-z]*: //' | paste -d' ' - -
done >"$dir/versions"

if [ "${1-}" = kernel ] && command -v qemu-system-x86_64 >/dev/null; then
    rm -rf "$apt"
    printf '%s' "$mark" >"$dir/installed"
    say "$dir: $(grep '^linux-image-[0-9]' "$dir/versions")"
    exit 0
fi
if [ "${1-}" = callers ]; then
    # What the packages' own installation would do, of what somebody here needs.
    root=$dir/root
    cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
    cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
    ln -sf mawk "$root/usr/bin/awk"
    ln -sf which.debianutils "$root/usr/bin/which"
    # One program would rather have the older variant of iptables than the one that is compared.
    rm -f "$root"/usr/sbin/*legacy*
    # Nobody listens to the system's log here.
    printf '#!/bin/sh\n' >"$root/usr/bin/logger"
    chmod +x "$root/usr/bin/logger"
    # A tool's place, and that in front of PATH, is taken by a relay: it notes who is called, and
    # lets /tool have the word, where a test puts the original or ours.
    mkdir -p "$root"/{originals,first}
    cat >"$root/first/relay" <<'END'
#!/bin/sh
printf '%s %s\n' "${0##*/}" "$*" >>/run/called
exec "/tool/${0##*/}" "$@"
END
    chmod +x "$root/first/relay"
    for tool in ip ping arp route sysctl {iptables,ip6tables}{,-save,-restore}; do
        place=$root/usr/sbin/$tool
        [ ! -f "$root/usr/bin/$tool" ] || place=$root/usr/bin/$tool
        case $tool in
        ip*tables*) ln "$root/usr/sbin/xtables-nft-multi" "$root/originals/$tool" ;;
        *) mv "$place" "$root/originals/$tool" ;;
        esac
        ln -sf /first/relay "$place"
        ln -sf relay "$root/first/$tool"
    done
    # Read in the tests, where nothing can be written beside them.
    loader=$(find "$root" -name 'ld-linux*.so*' -o -name 'ld64*.so*' | head -n1)
    triple=$(basename "$(dirname "$(find "$root" -name libc.so.6 | head -n1)")")
    PYTHONHOME=$root/usr "$loader" --library-path "$root/usr/lib/$triple" "$root/usr/bin/python3" \
        -m compileall -q -s "$root" -p / "$root"/usr/lib/python3* >"$log" 2>&1 || :
    rm -rf "$root"/usr/share/{doc,man,locale,lintian,i18n}
    rm -rf "$apt"
    printf '%s' "$mark" >"$dir/installed"
    say "$dir: $(wc -l <"$dir/versions") packages"
    exit 0
fi
loader=$(cd "$dir/root" && find . -name 'ld-linux*.so*' -o -name 'ld64*.so*' -o -name 'ld-musl*' | head -n1)
[ -n "$loader" ] || die "the packages of $suite hold no loader"
triple=$(basename "$(dirname "$(cd "$dir/root" && find . -name libc.so.6 | head -n1)")")

# wrapper NAME PROGRAM: bin/NAME starts PROGRAM, which believes to be called NAME, or what
# REFERENCE_ARGV0 says.
wrapper() {
    local program
    for program in "usr/sbin/$2" "usr/bin/$2" "sbin/$2" "bin/$2" ""; do
        [ -n "$program" ] || die "$2 is in none of the packages of $suite"
        [ ! -f "$dir/root/$program" ] || break
    done
    cat >"$dir/bin/$1" <<END
#!/bin/sh
r=\${0%/*}/../root
export XTABLES_LIBDIR="\$r/usr/lib/$triple/xtables"
exec "\$r/${loader#./}" --argv0 "\${REFERENCE_ARGV0:-$1}" --library-path "\$r/usr/lib/$triple:\$r/lib/$triple" "\$r/$program" "\$@"
END
    chmod +x "$dir/bin/$1"
}
if [ "${1-}" = tools ]; then
    wrapper mandoc mandoc
    wrapper zsh zsh-static
    wrapper fish fish
    try=(mandoc:/dev/null zsh:--version fish:--version)
elif [ "${1-}" = kernel ]; then
    wrapper qemu-system-x86_64 qemu-system-x86_64
    try=(qemu-system-x86_64:--version)
else
    for tool in ip bridge tc nft ipset nfacct ping arp route ifconfig sysctl; do wrapper $tool $tool; done
    for tool in {iptables,ip6tables}{,-save,-restore}; do wrapper $tool xtables-nft-multi; done
    try=(ip:-V iptables:-V nft:-v arp:-V ping:-V sysctl:-V)
fi
for t in "${try[@]}"; do
    "$dir/bin/${t%:*}" "${t#*:}" >"$log" 2>&1 || { cat "$log" >&2; die "the unpacked ${t%:*} does not start"; }
done
rm -rf "$apt"
printf '%s' "$mark" >"$dir/installed"
say "$dir: $(awk '$1 ~ /^(iproute2|iptables|nftables|mandoc|zsh-static|fish)$/ { printf "%s%s %s", s, $1, $2; s = ", " }' "$dir/versions")"
