#!/usr/bin/env bash
# Programs of the distribution that call the tools, unchanged: each with the originals and with ours
# (tests/it/callers.rs). They are unpacked below target/callers; nothing is installed.
#
#   tests/callers/run.sh            all of them, those that need it under the kernel of tests/vm
#   tests/callers/run.sh ufw ...    only these, telling what was called and what came of it
#
# A program that cannot be had is named at the end, and the status is then 77 instead of 0: none
# passes by being left out.
set -uo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}

tests/reference/install.sh && tests/reference/install.sh callers || exit 1
program=$(cargo test --no-run --test it --message-format json |
    sed -n 's/.*"kind":\["test"\].*"executable":"\([^"]*\)".*/\1/p' | tail -n1)
[ -x "$program" ] || { echo "there are no tests to run" >&2; exit 1; }

skip=()
while read -r package; do skip+=(--skip "${package//-/_}"); done <"$target/callers/missing"
failed=0
if [ $# -gt 0 ]; then
    export CALLERS=
    skip+=(--nocapture)
    set -- "${@//-/_}"
    set -- "${@/#/callers::here_}" "${@/#/callers::vm_}"
else
    set -- callers::here_ callers::vm_
fi
here=() vm=()
for name; do case $name in *::here_*) here+=("$name") ;; *) vm+=("$name") ;; esac; done
any() { "$program" --ignored --list "$@" "${skip[@]}" 2>/dev/null | grep -q ': test$'; }

if any "${here[@]}"; then
    "$program" --ignored "${here[@]}" "${skip[@]}" || failed=1
fi
if any "${vm[@]}"; then
    # Their tunnels are made as an old program makes them, of the device that a module brings along.
    VM_CALLERS=1 tests/vm/run.sh env VM=1 ${CALLERS+CALLERS=} bash -c '
        echo 0 >/proc/sys/net/core/fb_tunnels_only_for_init_net
        /run/vm/modprobe -a ip_gre ipip sit wireguard
        exec "$@"' _ "$program" --ignored "${vm[@]}" "${skip[@]}" || failed=1
fi
[ $failed = 0 ] || exit 1
if [ -s "$target/callers/missing" ]; then
    echo "not tried, for there is no package of it: $(paste -sd' ' "$target/callers/missing")"
    exit 77
fi
