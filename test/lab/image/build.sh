#!/bin/bash
# build.sh CACHE STAMP: build the guest disk and its netboot artefacts into CACHE/images/STAMP:
#   disk.qcow2                                  LUKS root, GRUB for BIOS and UEFI
#   vmlinuz initrd.img initrd-systemd.img       stage 1 in two flavours: initramfs-tools + dropbear, systemd (dracut)
#   cmdline cmdline-systemd boot.json           kernel arguments for each; generation 1's bootspec
#   stage1.pub stage1-systemd.pub stage3.pub    host keys    id_ed25519(.pub) the client's key    passphrase of the disk
# Run by image.ts, which works the stamp out.  A second builder waits for the first; one that was interrupted leaves
# nothing behind that counts as an image: the folder gets its name when it is whole.
set -euo pipefail
CACHE=$1 STAMP=$2 HERE=$(cd "$(dirname "$0")" && pwd)
IMG=$CACHE/images/$STAMP W=$CACHE/work
PASSPHRASE='open sesame 42'                  # blanks on purpose
mkdir -p "$CACHE/images"
exec 9> "$CACHE/build.lock"
flock -n 9 || { echo "another build is going on, waiting for it"; flock 9; }
[ ! -d "$IMG" ] || { echo "image is up to date: $IMG"; exit 0; }
umask 022
say() { printf '%4d s  %s\n' $SECONDS "$1"; }
failed() { echo "$1 failed; the end of $2:" >&2; tail -40 "$2" >&2; exit 1; }

# The guest's packages, from this machine's own apt sources; kept for the next build with the same list.
ROOTFS=$CACHE/rootfs-$(sha256sum "$HERE/packages.txt" | cut -c1-12)
if [ ! -d "$ROOTFS" ]; then
  say "fetching packages"
  rm -rf "$CACHE"/rootfs-*
  mapfile -t sources < <(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2> /dev/null)
  mmdebstrap --mode=root --variant=minbase --format=directory --include="$(paste -sd, "$HERE/packages.txt")" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    bookworm "$ROOTFS.new" "${sources[@]}" > "$CACHE/mmdebstrap.log" 2>&1 || failed mmdebstrap "$CACHE/mmdebstrap.log"
  mv "$ROOTFS.new" "$ROOTFS"
fi

say "preparing the root file system"
rm -rf "$W"; mkdir -p "$W/out"
ssh-keygen -q -t ed25519 -N '' -C lab-client -f "$W/out/id_ed25519"
printf %s "$PASSPHRASE" > "$W/out/passphrase"
cp -a --reflink=auto "$ROOTFS" "$W/root"
cp -r "$HERE/guest/overlay/." "$W/root/"
cp "$W/out/id_ed25519.pub" "$W/root/lab-client.pub"
cp "$HERE/guest/prepare" "$W/root/lab-prepare"
rm -f "$W/root/etc/resolv.conf"
unshare --mount --pid --fork --kill-child bash -euc '
  mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; mount -t tmpfs tmpfs "$0/run"; mount -t tmpfs tmpfs "$0/tmp"
  exec chroot "$0" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root /bin/bash /lab-prepare' \
  "$W/root" > "$CACHE/prepare.log" 2>&1 || failed "preparing" "$CACHE/prepare.log"
rm "$W/root/lab-prepare"; mv "$W"/root/lab-out/* "$W/out/"; rmdir "$W/root/lab-out"
cp "$HERE/guest/install" "$W/root/lab-install"
cp -L "$W/root/boot/vmlinuz" "$W/root/boot/initrd.img" "$W/"

say "installing inside a VM"
truncate -s 1500M "$W/root.raw"; mkfs.ext4 -q -d "$W/root" "$W/root.raw"; rm -rf "$W/root"
truncate -s 2000M "$W/disk.raw"
{ echo "$PASSPHRASE"; head -c 511 /dev/zero; } > "$W/passphrase.raw"; truncate -s 512 "$W/passphrase.raw"
timeout --kill-after=5 600 qemu-system-x86_64 -accel tcg,thread=multi,tb-size=512 -cpu Westmere -smp 2 -m 2048 -nographic -no-reboot \
  -nic user,restrict=on,model=virtio-net-pci -kernel "$W/vmlinuz" -initrd "$W/initrd.img" \
  -append "root=/dev/vda rw init=/lab-install ip=dhcp console=ttyS0 panic=-1 mitigations=off" \
  -drive "file=$W/root.raw,if=virtio,format=raw,cache=unsafe" \
  -drive "file=$W/disk.raw,if=virtio,format=raw,cache=unsafe,discard=unmap" \
  -drive "file=$W/passphrase.raw,if=virtio,format=raw,readonly=on" < /dev/null > "$CACHE/install.log" 2>&1 || true
tr -d '\r' < "$CACHE/install.log" | grep -q '^LAB-INSTALL-OK' || failed "installing" "$CACHE/install.log"

say "packing"
qemu-img convert -O qcow2 "$W/disk.raw" "$W/out/disk.qcow2"
chmod 600 "$W/out/id_ed25519"
mv "$W/out" "$IMG"
rm -rf "$W"
# An older image may still be under the disk of a running rig: the latest three stay.
ls -dt "$CACHE"/images/* | tail -n +4 | xargs -r rm -rf
say "done: $IMG"
