/** OpenIPMI's ipmi_sim as a BMC on a port of its own, for the tests that hold our driver and foreign tools against it. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemUdp } from '../../../src/foundation/udp.ts';

export type IpmiSimOptions = {
  /** Lines of the emulation once its controller is there, before it is enabled: sensors, event log, inventory. */
  readonly emulation?: (folder: string) => readonly string[];
  /** Lines after it was enabled: entries of the event log. */
  readonly enabled?: readonly string[];
  /** A chassis that keeps what it is told. Default false: none. */
  readonly chassis?: boolean;
  /** TCP port on loopback of the machine's serial line. Default none. */
  readonly serialPort?: number;
  /** Writes an SDR repository into the folder that it is read from. Default none. */
  readonly writeSdrs?: (stateFolder: string) => void;
};

/** User `admin`, password `secret`, on loopback. */
export type IpmiSim = Disposable & {
  readonly port: number;
  readonly folder: string;
  /** What it asked of the chassis since it started, one call a line. */
  chassisLog(): readonly string[];
};

const NAME = 'interop';

/** Writes its configuration and starts it; it answers a moment later, which the driver's own repeats wait for. */
export async function startIpmiSim(options: IpmiSimOptions = {}): Promise<IpmiSim> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-ipmi-sim-'));
  const port = await freePort();
  const state = join(folder, 'state', 'ipmi_sim', NAME);
  mkdirSync(state, { recursive: true });
  options.writeSdrs?.(state);
  writeFileSync(join(folder, 'log'), '');
  writeFileSync(join(folder, 'chassis'), chassisScript(folder));
  chmodSync(join(folder, 'chassis'), 0o755);
  writeFileSync(join(folder, 'lan.conf'), lanConfiguration(folder, port, options));
  writeFileSync(join(folder, 'bmc.emu'), emulation(folder, options));
  const child = spawn('ipmi_sim', ['-n', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state'], {
    cwd: folder,
    stdio: 'ignore',
  });
  child.on('error', () => undefined);
  return {
    port,
    folder,
    chassisLog: () => readFileSync(join(folder, 'log'), 'utf8').split('\n').filter(Boolean),
    [Symbol.dispose]() {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A UDP port that was free a moment ago. */
async function freePort(): Promise<number> {
  const { signal } = new AbortController();
  await using socket = await systemUdp.bind({ address: '127.0.0.1', port: 0 }, () => undefined, signal);
  return socket.local.port;
}

/** Called as `chassis 0x20 get NAME...` and `chassis 0x20 set NAME VALUE`; keeps each value in a file of that name. */
function chassisScript(folder: string): string {
  return `#!/bin/sh
cd "${folder}" || exit 1
echo "call $*" >> log
[ "$1" = get ] || [ "$1" = set ] || shift
op=$1; shift
if [ "$op" = get ]; then for k in "$@"; do echo "$k:$(cat "value-$k" 2>/dev/null || echo 0)"; done
else while [ $# -gt 1 ]; do echo "$2" > "value-$1"; shift 2; done; fi
`;
}

function lanConfiguration(folder: string, port: number, { chassis, serialPort }: IpmiSimOptions): string {
  const more = [
    ...(chassis === true ? [`chassis_control "${join(folder, 'chassis')}"`] : []),
    ...(serialPort === undefined ? [] : [`sol "tcp:127.0.0.1:${serialPort}" 115200`]),
  ];
  return `name "${NAME}"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
${more.map((line) => `  ${line}\n`).join('')}  user 2 true "admin" "secret" admin 10 none md2 md5 straight
`;
}

function emulation(folder: string, { emulation: lines, enabled = [], writeSdrs }: IpmiSimOptions): string {
  const persists = writeSdrs === undefined ? '' : ' persist_sdr';
  return [
    'mc_setbmc 0x20',
    `mc_add 0x20 0x20 no-device-sdrs 0x01 2 0x33 0x9f 0x001291 0x0f02${persists}`,
    ...(lines?.(folder) ?? []),
    'mc_enable 0x20',
    ...enabled,
    '',
  ].join('\n');
}
