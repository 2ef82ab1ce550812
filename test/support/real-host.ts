import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../src/domain/machine.ts';
import { createHosts } from '../../src/drivers/hosts.ts';
import { createSystemBuilder } from '../../src/drivers/nixos/system-builder.ts';
import { createSecrets } from '../../src/drivers/secrets/secrets.ts';
import { createSshConnections } from '../../src/drivers/ssh/connections.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Log } from '../../src/foundation/log.ts';
import { createMeter } from '../../src/foundation/meter.ts';
import { eventually, machineOf, newKey, ownAddress } from './simulated-host.ts';

export type RealHostOptions = {
  readonly server: 'sshd' | 'dropbear';
  /** Which stage it plays. */
  readonly stage: 1 | 3;
  readonly user?: 'root' | 'deploy';
  readonly hostKeyType?: 'ed25519' | 'rsa' | 'ecdsa';
  /** Programs that come first in PATH, in /run/wrappers/bin. */
  readonly tools?: Readonly<Record<string, string>>;
  /** Shell lines run in its namespace before the server starts; `$T` is its scratch folder, kept outside. */
  readonly setup?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly rebuild?: Machine['spec']['rebuild'];
};

/** A real SSH server in namespaces of its own: its own processes, /run, /etc and home. */
export type RealHost = AsyncDisposable & {
  readonly machine: Machine;
  readonly hosts: ReturnType<typeof createHosts>;
  readonly builder: ReturnType<typeof createSystemBuilder>;
  /** Scratch folder, seen at the same path inside. */
  readonly folder: string;
  /** What the server wrote. */
  serverLog(): string;
  /** What our drivers logged. */
  readonly logged: readonly string[];
  /** Pulls the plug: all its processes die at once. */
  kill(): Promise<void>;
};

const PORT = 2222;

/** Needs root, and the Debian packages openssh-server, dropbear-bin and sudo. */
export async function startRealHost(options: RealHostOptions): Promise<RealHost> {
  const { server, stage, user = 'root', hostKeyType = 'ed25519', tools = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), 'real-host-'));
  await chmod(folder, 0o755);
  const address = ownAddress();
  const identity = newKey();
  const keyFile = join(folder, 'host-key');
  execFileSync('ssh-keygen', ['-q', '-t', hostKeyType, '-N', '', '-f', keyFile]);
  const hostKey = execFileSync('ssh-keygen', ['-y', '-f', keyFile]).toString().trim();
  if (server === 'dropbear')
    execFileSync('dropbearconvert', ['openssh', 'dropbear', keyFile, `${keyFile}.dropbear`], { stdio: 'ignore' });
  await layOut(folder, tools, identity.public);
  await writeFile(join(folder, 'sshd_config'), sshdConfig(address, keyFile));
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--mount-proc',
      '--kill-child',
      '--propagation',
      'private',
      'bash',
      '-c',
      startScript(server, address, keyFile, options.setup ?? ''),
    ],
    { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', T: folder }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`the real host ended: ${log}`);
    return (await answers(address)) ? true : undefined;
  });
  const other = newKey().public;
  const ssh = { port: PORT, user, identity: 'env:IDENTITY' };
  const machine = machineOf({
    name: 'real',
    macs: ['52:54:00:77:00:09'],
    address,
    bmcs: [],
    stage1: { ...ssh, hostKeys: [stage === 1 ? hostKey : other] },
    stage3: { ...ssh, hostKeys: [stage === 3 ? hostKey : other] },
    disks: [{ name: 'cryptroot', passphrase: 'env:PASSPHRASE' }],
    ...(options.rebuild === undefined ? {} : { rebuild: options.rebuild }),
  });
  const logged: string[] = [];
  const note = (fields: object, message: string): void => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const recording: Log = { debug: note, info: note, warn: note, error: note, child: () => recording };
  const environment = { IDENTITY: identity.private, ...options.environment };
  const secrets = createSecrets({ clock: systemClock, log: recording, environment });
  const connections = createSshConnections({ clock: systemClock, log: recording, secrets });
  const parts = { clock: systemClock, log: recording, secrets, meter: createMeter() };
  const kill = (): Promise<void> => ended(child);
  return {
    machine,
    hosts: createHosts({ ...parts, connections }),
    builder: createSystemBuilder({ ...parts, connections }),
    folder,
    logged,
    serverLog: () => log,
    kill,
    async [Symbol.asyncDispose]() {
      await connections[Symbol.asyncDispose]();
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function layOut(folder: string, tools: Readonly<Record<string, string>>, authorized: string): Promise<void> {
  for (const home of ['root', 'home']) {
    await mkdir(join(folder, home, '.ssh'), { recursive: true, mode: 0o700 });
    await writeFile(join(folder, home, '.ssh/authorized_keys'), `${authorized}\n`, { mode: 0o600 });
  }
  execFileSync('chown', ['-R', '4242:4242', join(folder, 'home')]);
  await mkdir(join(folder, 'tools'));
  for (const [name, text] of Object.entries(tools)) await writeFile(join(folder, 'tools', name), text, { mode: 0o755 });
}

function sshdConfig(address: string, keyFile: string): string {
  return [
    `ListenAddress ${address}:${PORT}`,
    `HostKey ${keyFile}`,
    'PidFile none',
    'UsePAM no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'StrictModes no',
    'LogLevel VERBOSE',
    '',
  ].join('\n');
}

function startScript(server: 'sshd' | 'dropbear', address: string, keyFile: string, setup: string): string {
  const start =
    server === 'sshd'
      ? 'exec /usr/sbin/sshd -D -e -f $T/sshd_config'
      : `exec dropbear -F -E -s -r ${keyFile}.dropbear -p ${address}:${PORT} -P /run/dropbear.pid`;
  return `set -e
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/sshd /run/wrappers/bin /run/lock
cp -a $T/tools/. /run/wrappers/bin/
cp -a /etc /run/etc
mount --bind /run/etc /etc
mount --bind $T/root /root
sed -i 's/^root:[^:]*:/root:*:/' /etc/shadow
echo "deploy:x:4242:4242::$T/home:/bin/sh" >>/etc/passwd
echo 'deploy:x:4242:' >>/etc/group
echo 'deploy:*:19000:0:99999:7:::' >>/etc/shadow
mkdir -p /etc/sudoers.d
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
${setup}
${start}
`;
}

async function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(PORT, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await exited;
}
