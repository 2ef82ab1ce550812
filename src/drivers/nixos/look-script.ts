import { quote, script } from '../ssh/shell.ts';
import { REMOTE_PATH } from './remote-path.ts';

/**
 * Looks at a running system; only reads. Prints boot-id, state, failed UNIT (each), and booted, current, profile: the
 * paths behind the links, absent where there is none.
 */
export const LOOK_SCRIPT = script(
  'look-system',
  `${REMOTE_PATH}SYSTEMD_COLORS=0; export SYSTEMD_COLORS
read -r b </proc/sys/kernel/random/boot_id && echo "boot-id $b"
echo "state $(systemctl is-system-running 2>/dev/null)"
systemctl list-units --failed --full --plain --no-legend --no-pager 2>/dev/null |
  while read -r u rest; do echo "failed $u"; done
for l in booted:/run/booted-system current:/run/current-system profile:/nix/var/nix/profiles/system; do
  [ -e "\${l#*:}" ] && echo "\${l%%:*} $(readlink -f "\${l#*:}")"
done
:
`,
);

/**
 * Looks at a user's manager and its default.target, as that user: systemctl refuses a private socket whose other end
 * is neither root's nor its own user's (systemd 252, src/libsystemd/sd-bus, bus_check_peercred), so root must become
 * the user as well. Who is neither needs sudo without a password, and goes without an answer otherwise.
 */
export function sessionScript(user: string): string {
  return script(
    `look-session ${quote(user)}`,
    `${REMOTE_PATH}SYSTEMD_COLORS=0; export SYSTEMD_COLORS
id=$(id -u ${quote(user)} 2>/dev/null) || exit 0
echo "uid $id"
echo "manager $(systemctl is-active "user@$id.service" 2>/dev/null)"
case $(id -u) in "$id") as= ;; 0) as="runuser -u ${user} --" ;; *) as="sudo -n -u ${user}" ;; esac
echo "default-target $($as env XDG_RUNTIME_DIR="/run/user/$id" systemctl --user is-active default.target 2>/dev/null </dev/null)"
:
`,
  );
}
