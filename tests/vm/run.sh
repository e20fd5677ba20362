#!/usr/bin/env bash
# Runs a command under Debian stable's kernel: link kinds and more that this machine's kernel lacks.
#
#   tests/vm/run.sh                 the case files of tests/cases/vm*/, iptables natively, healthy networks
#   tests/vm/run.sh COMMAND...      any command, as root, in this directory
#   VM_LSM=apparmor tests/vm/run.sh COMMAND...      with another security module than SELinux
#
# The machine is emulated (no acceleration: that may hang), boots in a few seconds and has this
# machine's files, read-only, as its own; /tmp, /run and target/tmp/ are empty and writable.
# So programs, tests and reference tools are the same, only the kernel is another. The exit
# status is the command's.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
tests/reference/install.sh kernel
kernel=$(cd "$target/kernel" && pwd)
qemu=$(command -v qemu-system-x86_64 || echo "$kernel/bin/qemu-system-x86_64")
vmlinuz=$(echo "$kernel"/root/boot/vmlinuz-*)
release=${vmlinuz##*/vmlinuz-}
modules=$kernel/root/usr/lib/modules/$release
busybox=$kernel/root/usr/bin/busybox

if [ $# = 0 ]; then
    tests/reference/install.sh
    program=$(cargo test --no-run --test it --message-format json |
        sed -n 's/.*"kind":\["test"\].*"executable":"\([^"]*\)".*/\1/p' | tail -n1)
    # One test forbids the kernel modules that others need, and needs that they are not there yet.
    set -- env VM=1 bash -c '
        "$1" --include-ignored iptables_native cases::vm; first=$?
        echo /run/vm/modprobe >/proc/sys/kernel/modprobe
        "$1" --include-ignored cases::iptables_vm of_another_kernel; second=$?
        tests/vm/own-tunnels.sh
        "$1" --include-ignored cases::tunnels_vm && exit $((first | second))' _ "$program"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Only what is needed to reach this machine's files.
initramfs=$work/initramfs
mkdir -p "$initramfs"/{bin,sbin,lib/modules,proc,sys,dev,host,new}
cp "$busybox" "$initramfs/bin/busybox"
for name in sh mount mkdir cp insmod chroot; do ln -s /bin/busybox "$initramfs/bin/$name"; done
order=()
need() {
    local file=$1 other
    for other in $(sed -n "s|^$file:||p" "$modules/modules.dep"); do need "$other"; done
    [[ " ${order[*]-} " == *" $file "* ]] || order+=("$file")
}
[ -e "$modules/modules.dep" ] || "$busybox" depmod -b "$kernel/root/usr" "$release" 2>/dev/null ||
    /sbin/depmod -b "$kernel/root/usr" "$release"
for name in virtio_pci 9pnet_virtio 9p; do
    file=$(sed -n "s|^\(kernel/[^:]*/$name\.ko[^:]*\):.*|\1|p" "$modules/modules.dep")
    [ -z "$file" ] || need "$file"
done
i=0
for file in "${order[@]}"; do
    case $file in
    *.xz) "$busybox" xz -dc "$modules/$file" 2>/dev/null || xz -dc "$modules/$file" ;;
    *) cat "$modules/$file" ;;
    esac >"$initramfs/lib/$((100 + i++)).ko"
done

# The tools compared with, without what no test looks at.
mkdir -p "$initramfs/fast"
reference=reference${REFERENCE_SUITE:+-$REFERENCE_SUITE}
reference=$target/${reference%-stable}
if [ -e "$reference/installed" ]; then
    cp -a "$reference" "$initramfs/fast/"
    rm -rf "$initramfs"/fast/*/root/usr/share/{doc,man,locale,lintian} "$initramfs"/fast/*/root/usr/lib/*/gconv
fi

# Likewise the programs of tests/callers/run.sh, where it is that which is run: shells and the like.
if [ -n "${VM_CALLERS-}" ]; then
    mkdir -p "$initramfs/fast/callers"
    tar -C "$target/callers" -c --exclude='python3*' --exclude=gconv --exclude=zoneinfo --exclude=ieee-data \
        --exclude='*perl*' . | tar -C "$initramfs/fast/callers" -x
fi

# Where tests put their files: cargo has a directory for each target that is named.
mkdir -p "$target/tmp"
tmp=()
for dir in "$target"/tmp "$target"/*/debug "$target"/*/release; do
    [ "${dir##*/}" = tmp ] || dir=${dir%/*}/tmp
    [ -d "${dir%/*}" ] || continue
    mkdir -p "$dir"
    tmp+=("$(cd "$dir" && pwd)")
done

quoted=$(printf '%q ' "$@")
{
    cat <<END
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in /lib/*.ko; do insmod \$m || echo "vm: \$m cannot be loaded"; done
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro host /host || echo 'vm: no files'
mount --bind /host /new
for d in proc sys dev; do mount --bind /\$d /new/\$d; done
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /new/dev/pts
/bin/busybox ln -s /proc/self/fd /dev/fd
mount -t tmpfs -o mode=1777 tmp /new/tmp
mount -t tmpfs run /new/run
# What the kernel calls for a module it lacks: it looks at the new root, where /lib may have none.
mkdir -p /new/run/netns /new/run/vm/bin /new/run/vm/lib/modules
cp /bin/busybox /new/run/vm/bin
mount --bind "/host$modules/.." /new/run/vm/lib/modules
printf '#!/run/vm/bin/busybox sh\nexec /run/vm/bin/busybox chroot /run/vm /bin/busybox modprobe "\$@"\n' >/new/run/vm/modprobe
/bin/busybox chmod +x /new/run/vm/modprobe
echo /run/vm/modprobe >/proc/sys/kernel/modprobe
# The project may lie in what has just been covered.
for d in "$(pwd)" "$(cd "$target" && pwd)"; do
    [ -d "/new\$d" ] || { mkdir -p "/new\$d"; mount --bind "/host\$d" "/new\$d"; }
done
for d in $(printf '%q ' "${tmp[@]}"); do mount -t tmpfs -o mode=1777 tmp "/new\$d"; done
# What is started hundreds of times comes out of memory: on the way to this machine's files each
# name that a loader tries is a question of its own.
for d in /fast/*; do
    [ ! -d "\$d" ] || mount --bind "\$d" "/new$(cd "$target" && pwd)/\${d#/fast/}"
done
echo 0 > /proc/sys/kernel/printk
# The devices that tunnels' modules bring along would number a lab's own ones differently, whenever
# a module is loaded.
echo 1 > /proc/sys/net/core/fb_tunnels_only_for_init_net
END
    # A chroot alone would forbid user namespaces. Nothing loads fou or the
    # tables of MPLS when they are needed: their settings would be missing.
    printf 'cd /new; mount --move . /; exec chroot . /bin/bash -c %q\n' \
        "cd $(pwd); export PATH=$PATH HOME=/tmp; echo vm: begun; ip link set lo up; /run/vm/modprobe -a fou fou6 mpls_router; ( $quoted ); echo vm: status \$?; $busybox poweroff -f"
} >"$initramfs/init"
chmod +x "$initramfs/init"
(cd "$initramfs" && find . | "$busybox" cpio -o -H newc 2>/dev/null) >"$work/initramfs.cpio"

share=()
[ ! -d "$kernel/root/usr/share/seabios" ] || share=(-L "$kernel/root/usr/share/seabios" -L "$kernel/root/usr/share/qemu")
# As many processors as here, but not so many that they wait for each other.
cpus=$(nproc)
[ "$cpus" -ge 2 ] || cpus=2
[ "$cpus" -le 4 ] || cpus=4
# Nothing here needs cleared pages, a clock and a timer that are checked, or more security modules
# than SECMARK speaks to; what waits for all processors to have looked up does not wait for the next
# tick. Where each program lies at the same addresses, its code need not be translated anew for each
# process (qemu before 8).
settings="lsm=${VM_LSM:-selinux} console=ttyS0 quiet norandmaps panic=-1 mitigations=off audit=0 init_on_alloc=0 tsc=reliable no_timer_check rcupdate.rcu_expedited=1"
# Emulated processors now and then fall over each other while the kernel starts: then again.
for _ in 1 2 3; do
    timeout "${VM_SECONDS:-3600}" "$qemu" ${share[@]+"${share[@]}"} -accel tcg,thread=multi -cpu max -smp "$cpus" -m 2048 \
        -nodefaults -no-reboot -display none -serial stdio \
        -kernel "$vmlinuz" -initrd "$work/initramfs.cpio" -append "$settings" \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        </dev/null 2>&1 | sed -u 's/\r$//' | tee "$work/log" | grep --line-buffered -v '^vm: \(begun\|status .*\)$' || :
    ! grep -q '^vm: begun$' "$work/log" || break
    echo "vm: the kernel did not come up" >&2
done
status=$(sed -n 's/^vm: status //p' "$work/log" | tail -n1)
[ -n "$status" ] || { echo "vm: it ended without a status" >&2; exit 1; }
exit "$status"
