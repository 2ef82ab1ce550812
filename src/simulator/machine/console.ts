import { createListeners, type SerialLine } from '../bmc/sol/serial-line.ts';
import type { MachinePhase } from './boot-life.ts';

/** The serial console of a simulated machine: what it says in each phase, and a login prompt that echoes. */
export type MachineConsole = SerialLine & {
  /** The machine is in this phase now. @param detail what the phase change says of itself */
  enter(phase: MachinePhase, detail: string): void;
};

/** @param hostname as the login prompt shows it */
export function createMachineConsole(hostname: string): MachineConsole {
  const listeners = createListeners();
  let phase: MachinePhase = 'off';
  let question: 'login' | 'password' = 'login';

  const print = (text: string): void => listeners.tell({ kind: 'characters', bytes: Buffer.from(text) });

  /** One character at the login prompt: names are echoed, passwords are not, and neither is ever right. */
  function typed(byte: number): void {
    const enter = byte === 0x0d || byte === 0x0a;
    if (!enter) {
      if (question === 'login') listeners.tell({ kind: 'characters', bytes: Buffer.of(byte) });
      return;
    }
    const next = question === 'login' ? 'password' : 'login';
    print(next === 'password' ? '\r\nPassword: ' : `\r\n\r\nLogin incorrect\r\n${hostname} login: `);
    question = next;
  }

  return {
    onOutput: listeners.add,
    input(bytes) {
      if (phase === 'stage-3') for (const byte of bytes) typed(byte);
    },
    break: () => undefined,
    enter(next, detail) {
      phase = next;
      question = 'login';
      const lines = linesOf(next, detail, hostname);
      if (lines.length > 0) print(lines.join('\r\n'));
    },
  };
}

/** The last line stays open: it is a prompt, or empty. */
function linesOf(phase: MachinePhase, detail: string, hostname: string): readonly string[] {
  switch (phase) {
    case 'off':
      return [];
    case 'firmware':
      return ['', `Simulated firmware, ${hostname}`, 'Press F12 for the boot menu', ''];
    case 'netboot':
      return ['iPXE initialising devices... ok', 'Configuring (net0)... ok', ''];
    case 'kernel':
      return ['[    0.000000] Linux version 6.12.0 (simulated)', `[    0.000000] Booting ${detail}`, ''];
    case 'stage-1':
      return ['', '<<< NixOS Stage 1 >>>', '', 'Please enter passphrase for disk root: '];
    case 'stage-2':
      return ['', '<<< NixOS Stage 2 >>>', ''];
    case 'stage-3':
      return [
        'Welcome to NixOS 26.05 (simulated)!',
        `[  OK  ] Started ${detail}.`,
        '[  OK  ] Reached target Multi-User System.',
        '',
        `${hostname} login: `,
      ];
    case 'hung':
      return ['[    9.000000] Kernel panic - not syncing: Attempted to kill init!', ''];
    default:
      return phase satisfies never;
  }
}
