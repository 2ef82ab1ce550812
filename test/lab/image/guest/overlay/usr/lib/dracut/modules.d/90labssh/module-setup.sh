#!/bin/bash
# Stage-1 SSH for the systemd initrd: dropbear with a host key of its own.
check() { return 0; }
depends() { echo systemd systemd-networkd systemd-ask-password; }
install() {
    inst_multiple /usr/sbin/dropbear /bin/sh bash cat ls ps grep sed tr cut head sleep readlink systemctl journalctl systemd-tty-ask-password-agent
    inst_simple /etc/dropbear/systemd_initrd_host_key
    inst_simple /etc/dropbear/initramfs/authorized_keys /root/.ssh/authorized_keys
    inst_libdir_file 'libnss_files.so*'
    echo 'root:x:0:0:root:/root:/bin/sh' >> "$initdir/etc/passwd"
    echo 'root::1::::::' >> "$initdir/etc/shadow"
    echo /bin/sh > "$initdir/etc/shells"
    chmod 700 "$initdir/root" "$initdir/root/.ssh"; chmod 600 "$initdir/root/.ssh/authorized_keys"
    inst_simple "$moddir/lab.network" /etc/systemd/network/10-lab.network
    inst_simple "$moddir/labssh.service" /etc/systemd/system/labssh.service
    $SYSTEMCTL -q --root "$initdir" add-wants sysinit.target labssh.service
    $SYSTEMCTL -q --root "$initdir" add-wants sysinit.target systemd-networkd.service
}
