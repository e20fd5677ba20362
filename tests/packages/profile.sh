#!/usr/bin/env bash
# Whether the AppArmor profile of the package does what it is for, under a kernel that has AppArmor:
#
#   VM_LSM=apparmor tests/vm/run.sh tests/packages/profile.sh PROGRAM
#
# A shell that may do everything but make user namespaces stands for a system which forbids them. What is
# started from it goes over to its own profile, if it has one.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1
root=${CARGO_TARGET_DIR:-target}/clean-root/root

# The clean root as this machine's, with what is written in memory: profiles know programs by the path
# from the topmost root.
mkdir -p /tmp/over
mount -t tmpfs over /tmp/over
mkdir /tmp/over/{upper,work,new}
mount -t overlay -o "lowerdir=$root,upperdir=/tmp/over/upper,workdir=/tmp/over/work" overlay /tmp/over/new
cp "$program" /tmp/over/new/usr/bin/ipbox
cp packaging/deb/apparmor /tmp/over/new/etc/apparmor.d/ipbox
cp /tmp/over/new/bin/dash /tmp/over/new/usr/bin/cage
cat >/tmp/over/new/etc/apparmor.d/cage <<'END'
abi <abi/4.0>,
profile cage /usr/bin/cage {
  file, capability, network, mount, remount, umount, pivot_root, signal, ptrace, unix,
  /usr/bin/ipbox Pix,
}
END
mount --rbind /proc /tmp/over/new/proc
mount --rbind /dev /tmp/over/new/dev
mount --rbind /sys /tmp/over/new/sys
mount -t securityfs none /tmp/over/new/sys/kernel/security
mount -t tmpfs run /tmp/over/new/run
cd /tmp/over/new
mount --move . /
exec chroot . /bin/bash -u <<'END'
failed=0
check() {
    local what=$1
    shift
    if "$@" >/tmp/out 2>&1; then echo "  ok  $what"; else echo "FAIL  $what"; cat /tmp/out; failed=1; fi
}
not() { ! "$@"; }
# As an ordinary user, from the shell that may make none.
caged() { setpriv --reuid 1000 --regid 1000 --clear-groups /usr/bin/cage -c "$1"; }
free() { setpriv --reuid 1000 --regid 1000 --clear-groups /bin/dash -c "$1"; }
export HOME=/tmp
check "the kernel asks AppArmor" grep -q apparmor /sys/kernel/security/lsm
check "user namespaces can be made where nothing forbids them" free "unshare -U true"
check "the shell's profile is loaded" apparmor_parser -r /etc/apparmor.d/cage
check "now they cannot" not caged "unshare -U true"
check "a lab cannot be made without a profile" not caged "ipbox lab -- ip link show lo"
check "and says why" caged "ipbox lab -- ip link show lo 2>&1 | grep -i namespace"
check "the package's profile is loaded" apparmor_parser -r -T /etc/apparmor.d/ipbox
check "the kernel has it" grep -q "^ipbox (unconfined)" /sys/kernel/security/apparmor/profiles
check "a lab can be made with it" caged "ipbox lab -- ip link show lo"
check "with packets in it" caged "ipbox lab -- sh -c \"ip link set lo up; ping -c 1 127.0.0.1\""
check "other programs still cannot" not caged "unshare -U true"
check "it is taken away" apparmor_parser -R /etc/apparmor.d/ipbox
check "a lab cannot be made any more" not caged "ipbox lab -- ip link show lo"
exit $failed
END
