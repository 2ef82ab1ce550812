#!/bin/bash
# netboot.sh: DHCP and TFTP (dnsmasq) and HTTP (python3) on the machines' LAN, as one would set them up by hand. Run in
# the service's namespace; everything ends with it. From the environment: WWW (a folder to serve), LOGS, SERVICE_IP,
# MAC, MACHINE_IP, IMAGE, FLAVOUR.
set -euo pipefail
mkdir -p "$WWW"
initrd=initrd.img cmdline=cmdline
[ "$FLAVOUR" != systemd ] || { initrd=initrd-systemd.img cmdline=cmdline-systemd; }
ln -sf "$IMAGE/vmlinuz" "$IMAGE/$initrd" /usr/lib/ipxe/{ipxe.efi,undionly.kpxe} "$WWW/"
cat > "$WWW/boot.ipxe" << I
#!ipxe
kernel http://$SERVICE_IP:8080/vmlinuz initrd=$initrd $(cat "$IMAGE/$cmdline")
initrd http://$SERVICE_IP:8080/$initrd
boot
I
: > "$LOGS/dnsmasq.log"; : > "$LOGS/http.log"
dnsmasq -k -C /dev/null -p 0 -i eth0 -I lo --bind-interfaces --user=root --pid-file --no-ping --dhcp-authoritative \
  --dhcp-range="${SERVICE_IP%.*}.100,${SERVICE_IP%.*}.200,10m" --dhcp-host="$MAC,$MACHINE_IP" --dhcp-leasefile="$LOGS/leases" \
  --enable-tftp --tftp-root="$WWW" --log-dhcp --log-facility="$LOGS/dnsmasq.log" \
  --dhcp-userclass=set:ipxe,iPXE --dhcp-match=set:bios,option:client-arch,0 \
  --dhcp-match=set:efi,option:client-arch,7 --dhcp-match=set:efi,option:client-arch,9 --dhcp-match=set:http,option:client-arch,16 \
  --dhcp-boot=tag:bios,tag:!ipxe,undionly.kpxe --dhcp-boot=tag:efi,tag:!ipxe,ipxe.efi \
  --dhcp-boot=tag:http,tag:!ipxe,"http://$SERVICE_IP:8080/ipxe.efi" --dhcp-option-force=tag:http,tag:!ipxe,60,HTTPClient \
  --dhcp-boot=tag:ipxe,"http://$SERVICE_IP:8080/boot.ipxe" > "$LOGS/dnsmasq.out" 2>&1 &
dnsmasq=$!
python3 -u -m http.server 8080 --bind "$SERVICE_IP" --directory "$WWW" > "$LOGS/http.log" 2>&1 &
http=$!
trap 'kill $dnsmasq $http 2> /dev/null; wait' EXIT
trap 'exit 0' TERM INT
wait -n
echo "netboot.sh: a server ended" >&2
exit 1
