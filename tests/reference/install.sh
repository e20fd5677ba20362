#!/usr/bin/env bash
# Puts the tools that ipbox is compared with under target/reference/.
#
#   tests/reference/install.sh                          Debian stable's  -> target/reference/
#   REFERENCE_SUITE=testing tests/reference/install.sh  Debian testing's -> target/reference-testing/
#   tests/reference/install.sh tools                    mandoc, zsh, fish -> target/tools/, for
#                                                       an ordinary user whose machine has none
#   tests/reference/install.sh kernel                   Debian stable's kernel, and what starts it
#                                                       -> target/kernel/, for tests/vm/run.sh
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
kernel:*)
    packages=(linux-image-amd64 busybox-static)
    command -v qemu-system-x86_64 >/dev/null || packages+=(qemu-system-x86)
    suite=stable
    dir=$target/kernel
    ;;
*)
    packages=(iproute2 iptables nftables ipset nfacct iputils-ping net-tools procps netbase)
    dir=$target/reference
    [ "$suite" = stable ] || dir+=-$suite
    ;;
esac

mark="$(cksum <tests/reference/install.sh) $suite"
[ "$(cat "$dir/installed" 2>/dev/null)" != "$mark" ] || exit 0

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
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
[ "$(cat "$dir/installed" 2>/dev/null)" != "$mark" ] || exit 0

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
    debconf_* | init-system-helpers_* | gcc-*-base_* | openssl-provider-legacy_* | perl*) continue ;;
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
