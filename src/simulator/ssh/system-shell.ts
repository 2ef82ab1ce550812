import type { RebuildJobs } from './rebuild-jobs.ts';
import type { RemoteCommand, RemoteShell } from './ssh-server.ts';
import { readSystemFile } from './system-files.ts';

/** What the stage-3 shell tells, read anew for each command. */
export type SimulatedSystem = {
  readonly bootId: string;
  /** `systemctl is-system-running`. */
  readonly state: string;
  readonly failedUnits: readonly string[];
  readonly booted: string | null;
  readonly current: string | null;
  readonly profile: string | null;
  /** State of the user manager by user name; a user who is not in it does not exist. */
  readonly userManagers: ReadonlyMap<string, string>;
};

export type SystemShellOptions = {
  readonly system: () => SimulatedSystem;
  readonly jobs: RebuildJobs;
  /** Begins the shutdown; the connection is lost a little later. */
  readonly reboot: () => void;
  /** Files of its Nix store by path. Default none. */
  readonly fileAt?: ((path: string) => Buffer | undefined) | undefined;
};

/** The commands of a running system that a rebuilding and verifying client uses. */
export function systemShell({ system, jobs, reboot, fileAt = () => undefined }: SystemShellOptions): RemoteShell {
  return async (command) => {
    if (/^(sudo -n )?systemctl reboot$/.test(command.text)) {
      reboot();
      return 0;
    }
    const [, verb = '', parameters = ''] = /^: bootwright ([a-z-]+) ?(.*)\n/.exec(command.text) ?? [];
    const words = parameters.split(' ');
    if (verb === 'look-system') return lookSystem(system(), command);
    if (verb === 'look-session') return lookSession(system(), words[0] ?? '', command);
    const read = await readSystemFile({ current: () => system().current, fileAt }, verb, words, command);
    if (read !== undefined) return read;
    const done = await jobs.run(verb, words, command);
    if (done !== undefined) return done;
    command.complain(`sh: ${command.text.split(/\s/, 1)[0]}: command not found\n`);
    return 127;
  };
}

async function lookSystem(system: SimulatedSystem, command: RemoteCommand): Promise<number> {
  const lines = [
    `boot-id ${system.bootId}`,
    `state ${system.state}`,
    ...system.failedUnits.map((unit) => `failed ${unit}`),
    ...(system.booted === null ? [] : [`booted ${system.booted}`]),
    ...(system.current === null ? [] : [`current ${system.current}`]),
    ...(system.profile === null ? [] : [`profile ${system.profile}`]),
  ];
  await command.write(`${lines.join('\n')}\n`);
  return 0;
}

async function lookSession(system: SimulatedSystem, user: string, command: RemoteCommand): Promise<number> {
  const manager = system.userManagers.get(user);
  if (manager === undefined) return 0;
  const target = manager === 'active' ? 'active' : '';
  await command.write(`uid 1000\nmanager ${manager}\ndefault-target ${target}\n`);
  return 0;
}
