import { script } from '../ssh/shell.ts';

/**
 * Looks at an initrd of either flavour; only reads. Prints lines of a key and a value:
 *   boot-id, cmdline, uptime          of the kernel
 *   initrd-release                    /etc/initrd-release is there
 *   initramfs                         it is one of initramfs-tools
 *   systemd                           systemd runs as init of the initrd
 *   reply-tool PATH                   systemd-reply-password, where the initrd has it
 *   opened NAME                       a device-mapper node
 *   askpass PID STAT                  a waiting cryptsetup askpass, and its /proc/PID/stat
 *   askpass-env PID VARIABLE          of its environment, CRYPTTAB_NAME and the like
 *   ask FILE LINE                     a line of a pending question's file
 *   ask-cgroup FILE LINE              of the process that asks: names its unit
 *   unit NAME LOAD ACTIVE SUB …       each systemd-cryptsetup@ unit
 *
 * Shell built-ins wherever they do: an initrd has few programs. `read` drops the NUL bytes of a command line, which
 * is enough to recognise a program by its beginning. /proc/PID/exe is not used: klibc and busybox differ on readlink.
 * @see cryptsetup 2.6 debian/initramfs/cryptroot-unlock (how askpass is found), systemd "Password Agents"
 * (https://systemd.io/PASSWORD_AGENTS/: ask files and their keys), proc_pid_stat(5)
 */
export const LOOK_SCRIPT = script(
  'look-initrd',
  String.raw`
lines() { while IFS= read -r l || [ -n "$l" ]; do printf '%s %s\n' "$1" "$l"; done <"$2" 2>/dev/null; }
lines boot-id /proc/sys/kernel/random/boot_id
lines cmdline /proc/cmdline
lines uptime /proc/uptime
[ -e /etc/initrd-release ] && echo initrd-release
[ -d /scripts/local-top ] && [ -d /conf ] && echo initramfs
for f in /dev/mapper/*; do
  n=${'$'}{f##*/}
  [ "$n" = control ] || [ "$n" = '*' ] || printf 'opened %s\n' "$n"
done
if [ -d /run/systemd/system ]; then
  echo systemd
  for f in /run/systemd/ask-password/ask.*; do
    [ -e "$f" ] || continue
    n=${'$'}{f##*/} p=
    while IFS= read -r l || [ -n "$l" ]; do
      printf 'ask %s %s\n' "$n" "$l"
      case $l in PID=*) p=${'$'}{l#PID=} ;; esac
    done <"$f"
    [ -n "$p" ] && [ -e "/proc/$p/cgroup" ] && lines "ask-cgroup $n" "/proc/$p/cgroup"
  done
  SYSTEMD_COLORS=0 systemctl list-units --all --full --plain --no-legend --no-pager 'systemd-cryptsetup@*' 2>/dev/null |
    while IFS= read -r l; do printf 'unit %s\n' "$l"; done
  i=$(readlink /proc/1/exe 2>/dev/null)
  for d in ${'$'}{i%/*} /usr/lib/systemd /lib/systemd; do
    [ -x "$d/systemd-reply-password" ] && printf 'reply-tool %s\n' "$d/systemd-reply-password" && break
  done
else
  for d in /proc/[0-9]*; do
    p=${'$'}{d#/proc/}
    IFS= read -r c 2>/dev/null <"$d/cmdline" || [ -n "$c" ] || continue
    case $c in /lib/cryptsetup/askpass*) ;; *) continue ;; esac
    lines "askpass $p" "$d/stat"
    tr '\000' '\n' <"$d/environ" 2>/dev/null |
      while IFS= read -r l; do case $l in CRYPTTAB_*) printf 'askpass-env %s %s\n' "$p" "$l" ;; esac; done
    c=
  done
fi
:
`,
);
