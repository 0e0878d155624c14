#!/bin/bash
# A real systemd as PID 1 of new namespaces (mount, pid, cgroup, uts, ipc, net) over an overlay of the running root, which
# nothing changes: enter.sh FOLDER TARGET. FOLDER/etc and FOLDER/usr are laid over it; FOLDER/out is /out in there.
set -eu
folder=$1 target=$2
groups=/sys/fs/cgroup/unified
[ -d $groups ] || groups=/sys/fs/cgroup
own=$groups/opi-test-$$
mkdir "$own"
# What ran in there is gone by then, its groups are not.
trap 'find "$own" -depth -type d -exec rmdir {} + 2>/dev/null || true' EXIT

inside='
set -eu
cd "$1"
mkdir -p over out
mount -t tmpfs tmpfs over
mkdir over/upper over/work over/root
mount -t overlay overlay -o lowerdir=/,upperdir="$PWD/over/upper",workdir="$PWD/over/work" over/root
root=$PWD/over/root
mount -t proc proc $root/proc
mount -t sysfs -o ro sysfs $root/sys
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs $root/run
mount -t tmpfs tmpfs $root/tmp
mount -t tmpfs -o mode=755 tmpfs $root/dev
for device in null zero full random urandom tty; do
  touch $root/dev/$device
  mount --bind /dev/$device $root/dev/$device
done
: > out/console
touch $root/dev/console
mount --bind out/console $root/dev/console
mkdir $root/dev/pts
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
mkdir -p $root/dev/shm $root/out $root/oldroot
mount --bind out $root/out
rm -rf $root/etc/systemd/system/*
cp -a etc usr $root/
cd $root
pivot_root . oldroot
umount -l oldroot
mount --make-rshared /
exec env -i container=opi-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit="$2" --log-target=console \
  --log-level=info --show-status=no'

echo $$ > "$own/cgroup.procs"
# In the group first, then as a child of its own, so that the group can be left empty.
unshare -m -p -f -C -u -i -n --kill-child --propagation private bash -c "$inside" inside "$folder" "$target" </dev/null || true
echo $$ > $groups/cgroup.procs
