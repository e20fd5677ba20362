#!/usr/bin/env bash
# What `ipbox draw` writes for other programs is read by them: Mermaid's own parser, Graphviz, and a
# browser that paints the SVG in light and in dark.
#
#   tests/draw/run.sh [IPBOX]     IPBOX: the program; else it is built
#
# Graphviz and Chromium come from the package manager when root runs this, Mermaid from npm into
# target/draw. What cannot be had is named at the end, and the status is then 77 instead of 0: no
# check passes by being left out. Pictures are left in target/draw.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
dir=$root/${CARGO_TARGET_DIR:-target}/draw
mkdir -p "$dir"

ipbox=${1-}
if [ -z "$ipbox" ]; then
    ipbox=$(cargo build --message-format json 2>/dev/null |
        sed -n 's/.*"name":"ipbox".*"executable":"\([^"]*\)".*/\1/p' | tail -n1)
fi
[ -x "$ipbox" ] || { echo "there is no program to test" >&2; exit 1; }

install() { # command package
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] || return
    DEBIAN_FRONTEND=noninteractive timeout 600 apt-get install -qq -y --no-install-recommends "$2" >/dev/null 2>&1
}
install dot graphviz
install chromium chromium
if command -v npm >/dev/null && [ ! -d "$dir/node_modules/mermaid" ]; then
    (cd "$dir" && [ -e package.json ] || npm init -y >/dev/null
     cd "$dir" && timeout 600 npm install --no-audit --no-fund mermaid@11 jsdom@26 >/dev/null 2>&1)
fi

cat >"$dir/network.sh" <<'END'
set -e
ip link add v-net-0 type bridge
ip link set v-net-0 up
ip addr add 192.168.15.5/24 dev v-net-0
n=1
for room in red blue green orange; do
    ip netns add $room
    ip link add veth-$room-br master v-net-0 up type veth peer name veth-$room netns $room
    ip -n $room addr add 192.168.15.$n/24 dev veth-$room
    ip -n $room link set veth-$room up
    ip -n $room route add default via 192.168.15.5
    n=$((n + 1))
done
sysctl -qw net.ipv4.ip_forward=1
iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.15.2:80
END
# Names that mean something to the languages.
cat >"$dir/names.sh" <<'END'
ip netns add 'a"b]<c>&{d};'
ip netns add 'end'
ip netns add 'x\ny`z'
ip link add 'q"<&>#;' up type veth peer name '\]}--' netns 'end'
ip link add name '$(w)' up type veth peer name 'subgraph' netns 'a"b]<c>&{d};'
touch /run/netns/'dead|name'
END
for what in network names; do
    options=
    [ $what = network ] || options=--no-lan
    "$ipbox" lab $options -- sh -c ". $dir/$what.sh
        ipbox draw --mermaid >$dir/$what.mmd
        ipbox draw --dot >$dir/$what.dot
        ipbox draw --json >$dir/$what.json
        ipbox draw --svg $dir/$what.svg" || { echo "no pictures of $what" >&2; exit 1; }
done

missing=() failed=()
check() { # what it needs, command...
    local need=$1
    shift
    printf '%s: ' "$*"
    if ! eval "$need"; then
        missing+=("$*")
        echo "cannot be done here"
    elif "$@"; then
        echo good
    else
        failed+=("$*")
        echo BAD
    fi
}

mermaid_parses() {
    cat >"$dir/parse.mjs" <<'END'
import { JSDOM } from 'jsdom'
import fs from 'fs'
const dom = new JSDOM('')
globalThis.window = dom.window
globalThis.document = dom.window.document
const mermaid = (await import('mermaid')).default
for (const file of process.argv.slice(2)) await mermaid.parse(fs.readFileSync(file, 'utf8'))
END
    (cd "$dir" && node parse.mjs network.mmd names.mmd)
}
graphviz_draws() { dot -Tsvg "$dir/network.dot" -o "$dir/network-dot.svg" && dot -Tsvg "$dir/names.dot" -o "$dir/names-dot.svg"; }
json_is_json() { node -e 'for (const f of process.argv.slice(1)) JSON.parse(require("fs").readFileSync(f))' "$dir/network.json" "$dir/names.json"; }
svg_is_xml() {
    (cd "$dir" && node -e 'const { JSDOM } = require("jsdom"), fs = require("fs")
for (const f of ["network.svg", "names.svg"]) new JSDOM(fs.readFileSync(f), { contentType: "image/svg+xml" })')
}
browser_paints() {
    local mode picture
    for mode in light dark; do
        picture=$dir/network-$mode.png
        rm -f "$picture"
        local dark=()
        [ $mode = light ] || dark=(--blink-settings=preferredColorScheme=0)
        timeout -s KILL 120 chromium --headless --no-sandbox --disable-gpu "${dark[@]}" --window-size=800,920 \
            --screenshot="$picture" "file://$dir/network.svg" >/dev/null 2>&1
        # An empty page is a few kB.
        [ -s "$picture" ] && [ "$(stat -c %s "$picture")" -gt 20000 ] || return 1
    done
    ! cmp -s "$dir/network-light.png" "$dir/network-dark.png"
}
has_npm='[ -d "$dir/node_modules/mermaid" ] && [ -d "$dir/node_modules/jsdom" ]'
check "$has_npm" mermaid_parses
check "$has_npm" svg_is_xml
check 'command -v node >/dev/null' json_is_json
check 'command -v dot >/dev/null' graphviz_draws
check 'command -v chromium >/dev/null' browser_paints

if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}" >&2
    exit 1
fi
if [ ${#missing[@]} -gt 0 ]; then
    echo "not done, as what they need could not be installed: ${missing[*]}" >&2
    exit 77
fi
