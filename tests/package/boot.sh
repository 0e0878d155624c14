#!/bin/sh
# boot.sh FOLDER ADDRESS: makes FOLDER/root, in namespaces of its own, the root of a booted system. Its systemd is PID 1 here.
# The network has the node alone, by that address, too.
set -eu
cd "$1"
ip link set lo up
ip address add "$2/32" dev lo
out=$PWD/out
cd root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
mkdir -p dev/shm dev/pts out oldroot
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
: >"$out/console"
touch dev/console
mount --bind "$out/console" dev/console
mount --bind "$out" out
pivot_root . oldroot
umount -l oldroot
mount --make-rshared /
exec env -i container=namespaces PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=proof.target --log-target=console --log-level=info --show-status=no
