#!/bin/sh
# Boots the Debian in $1 as a system of its own: it shares the network and the kernel with this host, and writes into memory only.
# $2: a directory for its mounts. $3: a Node. Ends, with all it started, when this process is killed.
set -eu

# A group of its own, or systemd would take the groups of the host for its own.
mount -t cgroup2 none "$2"
mkdir "$2/booted-$$"
echo $$ >"$2/booted-$$/cgroup.procs"
umount "$2"

exec unshare --mount --pid --fork --uts --ipc --cgroup --kill-child --propagation private sh -eu -c '
  mount -t tmpfs -o mode=0755 tmpfs "$2"
  mkdir "$2/upper" "$2/work" "$2/root"
  root=$2/root
  mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$root"
  mount -t proc proc "$root/proc"
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t cgroup2 none "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=0755 tmpfs "$root/run"
  mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s pts/ptmx "$root/dev/ptmx"
  mkdir "$root/dev/shm"
  : >"$root/usr/bin/node"
  mount --bind "$3" "$root/usr/bin/node"
  hostname booted
  # Not a chroot alone, and shared: else systemd can give a service neither mounts of its own nor credentials.
  cd "$root"
  pivot_root . mnt
  exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . sh -c "umount -l /mnt; mount --make-rshared /; exec /lib/systemd/systemd --system --show-status=0"
' sh "$@"
