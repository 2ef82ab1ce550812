#!/bin/bash
# by-hand.sh: one machine through the whole chain with the tools one has without a service: ipmitool, dnsmasq, an HTTP
# server and ssh. Power on, netboot, unlock, stage 3, rebuild, reboot from the disk, unlock, verify, user session.
# Standard output has a JSON object a stage: {"stage": …, "seconds": since the last, "at": since the start}; standard
# error has the words. Run in the service's namespace (`cli.ts by-hand` does it). From the environment:
#   IMAGE        the image's folder (kernel, initrds, keys, passphrase)
#   BMC_HOST BMC_USER BMC_PASSWORD      MAC MACHINE_IP SERVICE_IP
#   EVENTS       the hardware's events.log, the one thing that no script has in the field: tells a POST from a hang
#   LOGS         a folder for logs       FLAVOUR   initramfs (default) or systemd: the stage 1 that is netbooted
set -euo pipefail
: "${IMAGE:?}" "${BMC_HOST:?}" "${BMC_USER:?}" "${BMC_PASSWORD:?}" "${MAC:?}" "${MACHINE_IP:?}" "${SERVICE_IP:?}" "${EVENTS:?}" "${LOGS:?}"
export IMAGE MAC MACHINE_IP SERVICE_IP LOGS FLAVOUR=${FLAVOUR:-initramfs} WWW=$LOGS/www
mkdir -p "$LOGS"
start=$(date +%s%N) last=$start

# Ends a stage, and says how long it took.
stage() {
  local now; now=$(date +%s%N)
  printf '{"stage":"%s","seconds":%s,"at":%s}\n' "$1" "$(seconds $((now - last)))" "$(seconds $((now - start)))"
  last=$now
}
seconds() { printf '%d.%03d' $(($1 / 1000000000)) $(($1 / 1000000 % 1000)); }
die() { echo "by-hand: $1" >&2; exit 1; }
within() {   # SECONDS COMMAND...: repeats it until it succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" > /dev/null 2>&1; do [ $SECONDS -lt $end ] || die "timed out: $*"; sleep 0.25; done
}
bmc() { IPMI_PASSWORD=$BMC_PASSWORD ipmitool -I lanplus -C 3 -H "$BMC_HOST" -U "$BMC_USER" -E "$@"; }
remote() {   # STAGE COMMAND...: over ssh, with the pinned host key of that stage
  local known=$LOGS/known.$1; shift
  ssh -F none -i "$IMAGE/id_ed25519" -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=3 -o ServerAliveInterval=5 \
    -o LogLevel=ERROR -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile="$known" "root@$MACHINE_IP" "$@"
}
asked() { remote stage1 'ls /run/systemd/ask-password/ask.*'; }
unlock() {   # FLAVOUR of the stage 1 that is up
  within 300 remote stage1 true; stage "$2.stage1"
  if [ "$1" = systemd ]; then
    within 60 asked
    { cat "$IMAGE/passphrase"; echo; } | remote stage1 systemd-tty-ask-password-agent || true
  else
    remote stage1 cryptroot-unlock < "$IMAGE/passphrase" >&2
  fi
  stage "$2.unlock"
  within 300 remote stage3 true; stage "$2.stage3"
}
session() {   # of alice, uid 1000: her manager and her default target
  remote stage3 'systemctl is-active --quiet user@1000.service &&
    runuser -u alice -- env XDG_RUNTIME_DIR=/run/user/1000 systemctl --user is-active --quiet default.target'
}
settled() { case $(remote stage3 systemctl is-system-running || true) in running | degraded) ;; *) return 1 ;; esac; }
posts() { grep -c ' post ' "$EVENTS" || true; }
another_post() { [ "$(posts)" -gt "$1" ]; }
is_off() { [ "$(bmc chassis power status)" = 'Chassis Power is off' ]; }
logged() { grep -q "$2" "$LOGS/$1.log"; }

pin() { echo "$MACHINE_IP $(cat "$IMAGE/$1")"; }
{ pin stage1.pub; pin stage1-systemd.pub; } > "$LOGS/known.stage1"     # netbooted and from the disk
pin stage3.pub > "$LOGS/known.stage3"
"$(dirname "$0")/by-hand/netboot.sh" & netboot=$!
trap 'kill $netboot 2> /dev/null; wait $netboot || true' EXIT
sleep 0.3
bmc chassis power off > /dev/null; within 10 is_off

start=$(date +%s%N) last=$start
bmc chassis bootdev pxe > /dev/null; bmc chassis power on > /dev/null; stage power-on
within 120 logged dnsmasq DHCPACK; stage netboot.lease
within 120 logged http 'GET /boot.ipxe'; stage netboot.script
within 120 logged http 'GET /initrd'; stage netboot.kernel
unlock "$FLAVOUR" boot
within 200 settled; stage boot.system
within 60 session; stage boot.session

before=$(remote stage3 readlink /run/booted-system)
boot=$(remote stage3 cat /proc/sys/kernel/random/boot_id)
remote stage3 "printf by-hand-$(date +%s) > /etc/nixos/version"
remote stage3 nixos-rebuild boot --flake /etc/nixos#lab --no-reexec > "$LOGS/rebuild.log" 2>&1 || die "$(cat "$LOGS/rebuild.log")"
want=$(remote stage3 readlink -f /nix/var/nix/profiles/system); stage rebuild
[ "$want" != "$before" ] || die "no new generation"
[ "$(remote stage3 readlink /run/booted-system)" = "$before" ] || die "the booted generation changed without a boot"

count=$(posts)
remote stage3 systemctl reboot || true
within 120 another_post "$count"; stage reboot.post
unlock initramfs reboot
within 200 settled; stage reboot.system
within 60 session; stage reboot.session
[ "$(remote stage3 cat /proc/sys/kernel/random/boot_id)" != "$boot" ] || die "it never rebooted"
got=$(remote stage3 readlink /run/booted-system)
[ "$got" = "$want" ] || die "booted $got, not $want"
remote stage3 grep -q "init=$want/init" /proc/cmdline || die "the boot loader did not start the new generation"
failed=$(remote stage3 systemctl --failed --no-legend --plain)
[ -z "$failed" ] || die "failed units: $failed"
stage verify
printf '{"stage":"total","seconds":%s,"at":%s}\n' "$(seconds $((last - start)))" "$(seconds $((last - start)))"
