/** One life of a machine, from POST to its end: a QEMU process with its monitor and its serial line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A machine that runs. */
export interface Post {
  /** Resolves when QEMU is gone, with its own reason (`guest-reset`, `guest-shutdown`, …) or '' when it just died. */
  readonly ended: Promise<string>;
  /** Cuts the power: QEMU is asked to end, and killed after two seconds. */
  readonly cut: () => Promise<void>;
  /** Presses the power button briefly (ACPI). */
  readonly button: () => void;
  /** Types on the serial line. */
  readonly type: (data: Buffer) => void;
}

/**
 * Starts QEMU in the current folder.
 * @param command QEMU's command line, with `qmp.sock` and `serial.sock` as its monitor and serial line
 * @param onSerial given what the machine prints
 * @param onTrouble told when monitor or serial line cannot be reached
 */
export function startPost(
  command: readonly string[],
  onSerial: (data: Buffer) => void,
  onTrouble: (what: string) => void,
): Post {
  for (const file of ['qmp.sock', 'serial.sock']) rmSync(file, { force: true });
  const log = openSync('qemu.log', 'a');
  const [program = '', ...args] = command;
  const qemu = spawn(program, args, { stdio: ['ignore', log, log] });
  writeFileSync('qemu.pid', String(qemu.pid));

  let reason = '';
  let monitor: Socket | undefined;
  let serial: Socket | undefined;
  const attach = async () => {
    serial = await dial('serial.sock', qemu);
    serial.on('data', onSerial).on('error', () => serial?.destroy());
    monitor = await dial('qmp.sock', qemu);
    monitor.on('error', () => monitor?.destroy());
    monitor.write('{"execute":"qmp_capabilities"}\n');
    for await (const line of createInterface({ input: monitor })) reason = shutdownReason(line) ?? reason;
  };
  const attached = attach().catch((error: unknown) => onTrouble(String(error)));
  const gone = once(qemu, 'close');
  const ended = gone.then(async () => {
    await attached; // the last line of the monitor has the reason
    rmSync('qemu.pid', { force: true });
    return reason;
  });
  return {
    ended,
    cut: async () => {
      qemu.kill('SIGTERM');
      const force = setTimeout(() => qemu.kill('SIGKILL'), 2000);
      await gone;
      clearTimeout(force);
    },
    button: () => monitor?.write('{"execute":"system_powerdown"}\n'),
    type: (data) => serial?.write(data),
  };
}

/** The reason in a SHUTDOWN event of QEMU's monitor, undefined for any other line. */
function shutdownReason(line: string): string | undefined {
  const message: unknown = JSON.parse(line);
  if (typeof message !== 'object' || message === null || !('event' in message) || message.event !== 'SHUTDOWN')
    return undefined;
  const data = 'data' in message ? message.data : undefined;
  return typeof data === 'object' && data !== null && 'reason' in data ? String(data.reason) : undefined;
}

/** Connects to a socket that QEMU is about to open. */
async function dial(path: string, qemu: ChildProcess): Promise<Socket> {
  for (let attempt = 0; attempt < 200 && qemu.exitCode === null && qemu.signalCode === null; attempt++) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      socket.destroy(); // not open yet
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`no answer on ${path}`);
}
