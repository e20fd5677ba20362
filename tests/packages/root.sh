#!/usr/bin/env bash
# Fetches a small Debian for tests/packages/run.sh into target/clean-root/root: dpkg, what ipbox stands
# for, and the programs that read pages, completions and profiles. Only root can do that.
#
# It comes from the archive that this machine's apt already uses, with the suite's name exchanged, as
# in tests/reference/install.sh. Doing it again when it is there takes no time.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=${CARGO_TARGET_DIR:-target}/clean-root
mark="$(cksum <tests/packages/root.sh)"
[ "$(cat "$dir/installed" 2>/dev/null)" != "$mark" ] || exit 0
say() { echo "tests/packages/root.sh: $*" >&2; }

if ! command -v mmdebstrap >/dev/null; then
    { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends mmdebstrap >/dev/null 2>&1; } || true
    command -v mmdebstrap >/dev/null || { say "mmdebstrap cannot be had"; exit 1; }
fi
source=$(tests/reference/install.sh source)
suite=${source%% *}
packages=iproute2,iptables,iputils-ping,net-tools,procps,apparmor,bash-completion,zsh,fish,man-db,libcap2-bin
rm -rf --one-file-system "$dir"
mkdir -p "$dir"
# Translations are not looked at; pages are.
mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$dir/root" "${source#* }" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; say "the root cannot be made"; exit 1; }
printf '%s' "$mark" >"$dir/installed"
