#!/usr/bin/env bash
# Builds what a stranger installs, installs each into a clean root, uses it, and removes it: nothing
# may be left, and nothing of others may have changed.
#
#   tests/packages/run.sh [IPBOX]     IPBOX: the program that packaging/program built; else it is built
#
# The package is installed by dpkg into a small Debian, which is fetched once into target/clean-root
# (tests/packages/root.sh); that needs root. Without it this is named, and the status is then 77
# instead of 0: no check passes by being left out.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/tmp"
target=$(cd "$target" && pwd)
work=$(mktemp -d "$target/tmp/packages.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT

program=${1-}
[ -n "$program" ] || program=$(packaging/program) || exit 1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n1)
arch=$(uname -m)

failed=0
# check WHAT COMMAND...: the command must succeed; what it said is shown if it does not.
check() {
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok: $what"
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        sed 's/^/    /' "$work/said" | head -n 40
    fi
}

build() { IPBOX=$program packaging/build >"$work/built"; }
twice_the_same() {
    cp "$target/packages/SHA256SUMS" "$work/first"
    build && cmp "$work/first" "$target/packages/SHA256SUMS"
}
rm -rf "$target/packages"
check "all packages are built by one command" build
check "and a second time, with the same bytes" twice_the_same
sums() { (cd "$target/packages" && sha256sum --quiet -c SHA256SUMS && [ "$(wc -l <SHA256SUMS)" = 3 ]); }
check "the sums are theirs" sums

# The tarball, in a folder where nothing else is.
tarball=ipbox-$version-$arch
unpack() { mkdir "$work/tar" && tar -C "$work/tar" -xzf "$target/packages/$tarball.tar.gz" && [ "$(ls "$work/tar")" = "$tarball" ]; }
check "the tarball unpacks into one folder" unpack
contents() {
    cd "$work/tar/$tarball" && sha256sum --quiet -c SHA256SUMS || return
    # All that is there has a sum.
    diff <(find . -type f ! -name SHA256SUMS | sed 's|^\./||' | sort) <(sed 's/^[0-9a-f]*  //' SHA256SUMS | sort)
}
check "its sums are right and complete" eval '( contents )'
changed() { echo >>"$1/share/man/man8/ip.8"; ! (cd "$1" && sha256sum --quiet -c SHA256SUMS); }
check "and show a change" eval 'cp -a "$work/tar" "$work/tar2" && changed "$work/tar2/$tarball"'
check "its program is the one that was built" cmp "$program" "$work/tar/$tarball/bin/ipbox"
used() {
    mkdir "$work/links" && "$1" --install "$work/links" || return
    # What INSTALL tells: links first on PATH.
    PATH=$work/links:$PATH unshare -rnm sh -ec '
        mount -t tmpfs run /run
        ip netns add red
        [ "$(ip netns list)" = red ]
        ip -n red link set lo up
        ip netns exec red ping -c1 127.0.0.1
        iptables -A INPUT -j DROP
        [ "$(iptables -S INPUT | tail -n1)" = "-A INPUT -j DROP" ]'
}
check "it is used as INSTALL tells" used "$work/tar/$tarball/bin/ipbox"
check "its pages can be read" eval 'mandoc -T lint -W error "$work/tar/$tarball"/share/man/man8/ip-netns.8'

# The image, taken apart by its own lists: each blob by its sum, each layer into a bare root.
oci=$work/oci
field() { # FIELD FILE: the first digest after it
    grep -o "\"$1\":.*" "$2" | grep -o 'sha256:[0-9a-f]\{64\}' | head -n1
}
blob() { echo "$oci/blobs/sha256/${1#sha256:}"; }
image() {
    local manifest config layer
    mkdir "$oci" "$work/bare" && tar -C "$oci" -xf "$target/packages/ipbox-$version-$arch.oci.tar" || return
    [ "$(cat "$oci/oci-layout")" = '{"imageLayoutVersion":"1.0.0"}' ] || { echo "no layout"; return 1; }
    (cd "$oci/blobs/sha256" && for b in *; do echo "$b  $b"; done | sha256sum --quiet -c) || return
    manifest=$(blob "$(field manifests "$oci/index.json")")
    config=$(blob "$(field config "$manifest")")
    layer=$(blob "$(field layers "$manifest")")
    [ "$(printf '%s\n' "$manifest" "$config" "$layer" | sort)" = "$(printf '%s\n' "$oci"/blobs/sha256/* | sort)" ] ||
        { echo "blobs that nothing names, or names without blobs"; return 1; }
    [ "sha256:$(gzip -dc "$layer" | sha256sum | cut -d' ' -f1)" = "$(field diff_ids "$config")" ] ||
        { echo "the layer is not the one of the configuration"; return 1; }
    local said
    for said in "\"digest\":\"sha256:${layer##*/}\",\"size\":$(stat -c %s "$layer")}" \
        "\"digest\":\"sha256:${config##*/}\",\"size\":$(stat -c %s "$config")}"; do
        grep -qF "$said" "$manifest" || { echo "sizes"; return 1; }
    done
    # Docker is told of the same blobs.
    grep -qF "\"Config\":\"blobs/sha256/${config##*/}\"" "$oci/manifest.json" &&
        grep -qF "\"Layers\":[\"blobs/sha256/${layer##*/}\"]" "$oci/manifest.json" ||
        { echo "manifest.json says something else"; return 1; }
    grep -qF '"Entrypoint":["/ipbox"]' "$config" || { echo "it starts something else"; return 1; }
    gzip -dc "$layer" | tar -C "$work/bare" -xf - || return
    [ "$(cd "$work/bare" && find . -mindepth 1)" = ./ipbox ] || { echo "there is more than the program"; return 1; }
    cmp "$program" "$work/bare/ipbox"
}
check "the image is whole, and is the program alone" image
bare() {
    [ "$(unshare -rn chroot "$work/bare" /ipbox ip -br link | cut -d' ' -f1)" = lo ] &&
        unshare -rn chroot "$work/bare" /ipbox iptables -S | grep -qx -- '-P INPUT ACCEPT'
}
check "it runs where nothing else is" bare

# The package.
finish() {
    echo "$((failed)) failed"
    [ $failed = 0 ] || exit 1
    exit "${1-0}"
}
if [ "$(id -u)" != 0 ]; then
    echo "not done: the package is installed by root only"
    finish 77
fi
tests/packages/root.sh || { echo "not done: the root to install into"; finish 77; }
root=$work/root
cp -a "$target/clean-root/root" "$root"
cp "$target"/packages/ipbox_*.deb "$root/ipbox.deb"
cp tests/packages/inside.sh "$root/"
# Debian 12 gives ping a capability; that must come back, too.
chroot "$root" /usr/sbin/setcap cap_net_raw+ep /usr/bin/ping || exit 1
# A chroot alone would forbid user namespaces.
unshare -mnpf --kill-child bash -ec '
    mount --bind "$0" "$0"; cd "$0"
    mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t tmpfs run run
    mount --move . /
    exec chroot . /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb \
        bash /inside.sh' "$root" || failed=$((failed + 1))
check "AppArmor allows with the profile what it forbids without, in an emulated machine" \
    env VM_LSM=apparmor tests/vm/run.sh tests/packages/profile.sh "$program"
finish
