#!/usr/bin/env bash
# Two builds from two folders give the same bytes.
#
#   tests/reproducible/run.sh                  builds here and elsewhere, and compares
#   tests/reproducible/run.sh build            builds elsewhere only
#   tests/reproducible/run.sh compare IPBOX    compares what was built elsewhere with IPBOX
#
# Elsewhere is another folder, another target directory, and another home of cargo, as another user
# has it: the tree as it is, without what is not to be committed.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/tmp"
elsewhere=$(cd "$target/tmp" && pwd)/elsewhere
home=${CARGO_HOME:-$HOME/.cargo}

build() {
    rm -rf "$elsewhere"
    mkdir -p "$elsewhere"/{tree,home}
    git ls-files -z --cached --others --exclude-standard |
        tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -C "$elsewhere/tree" -xf -
    # What is downloaded, and where from; not what else lies there.
    local name
    for name in registry git config.toml; do
        [ ! -e "$home/$name" ] || ln -s "$(cd "$home" && pwd)/$name" "$elsewhere/home/$name"
    done
    CARGO_HOME=$elsewhere/home CARGO_TARGET_DIR=$elsewhere/target CARGO_NET_OFFLINE=true \
        "$elsewhere/tree/packaging/program" >"$elsewhere/program"
}

compare() {
    local other
    other=$(cat "$elsewhere/program")
    # Not the same file by another name, and none that was built otherwise.
    if [ ! -x "$other" ] || [ "$1" -ef "$other" ]; then
        echo "there are no two programs"
        return 1
    fi
    if grep -qaF -e "$home/" -e "$elsewhere" "$1" "$other"; then
        echo "it names a folder of this machine"
        return 1
    fi
    cmp "$1" "$other"
    echo "$(sha256sum <"$1" | cut -d' ' -f1), here and elsewhere"
    rm -rf "$elsewhere"
}

case ${1-} in
build) build ;;
compare) compare "${2:?the program to compare with}" ;;
'') build; compare "$(packaging/program)" ;;
*) echo "usage: tests/reproducible/run.sh [build | compare IPBOX]" >&2; exit 2 ;;
esac
