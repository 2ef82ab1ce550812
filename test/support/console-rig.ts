import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { Bmc } from '../../src/domain/ports/bmc.ts';
import type { Bmcs } from '../../src/domain/ports/bmcs.ts';
import type { SerialConsoleEvent } from '../../src/domain/ports/serial-console.ts';

/** One opening of a machine's console, from the side of the machine. */
export type FakeLine = {
  readonly machine: Machine;
  readonly written: string[];
  readonly steals: (boolean | undefined)[];
  breaks: number;
  closed: boolean;
  /** While set, input is not taken. */
  stuck: Promise<void> | undefined;
  emit(event: SerialConsoleEvent): void;
  say(text: string): void;
};

export type ConsoleBmcs = Pick<Bmcs, 'open'> & {
  /** Every console that was opened, oldest first. */
  readonly lines: FakeLine[];
  /** The latest one. */
  line(): FakeLine;
  /** Makes the next openings fail. */
  failure: Error | undefined;
  hasConsole: boolean;
};

/** Controllers whose consoles do what a test says; they connect at once unless `connects` is false. */
export function createConsoleBmcs({ connects = true }: { readonly connects?: boolean } = {}): ConsoleBmcs {
  const lines: FakeLine[] = [];
  const rig: ConsoleBmcs = {
    lines,
    failure: undefined,
    hasConsole: true,
    line() {
      const last = lines.at(-1);
      if (last === undefined) throw new Error('no console was opened');
      return last;
    },
    async open(machine, signal) {
      signal.throwIfAborted();
      if (rig.failure !== undefined) throw rig.failure;
      const bmc: Partial<Bmc> = {
        describe: `fake BMC of ${machine.spec.name}`,
        [Symbol.asyncDispose]: () => Promise.resolve(),
        ...(rig.hasConsole ? { console: openConsole(machine) } : {}),
      };
      return bmc as Bmc;
    },
  };
  return rig;

  function openConsole(machine: Machine): NonNullable<Bmc['console']> {
    return (onEvent, { steal }) => {
      const line: FakeLine = {
        machine,
        written: [],
        steals: [steal],
        breaks: 0,
        closed: false,
        stuck: undefined,
        emit: onEvent,
        say: (text) => onEvent({ kind: 'output', bytes: Buffer.from(text) }),
      };
      lines.push(line);
      if (connects) onEvent({ kind: 'connected' });
      return {
        async write(bytes) {
          await line.stuck;
          line.written.push(bytes.toString('latin1'));
        },
        async sendBreak() {
          line.breaks++;
        },
        reconnect: (options) => void line.steals.push(options.steal),
        async [Symbol.asyncDispose]() {
          line.closed = true;
        },
      };
    };
  }
}

/** A machine as the store would hold it. */
export function fakeMachine(spec: MachineSpec, id = 'm_1'): Machine {
  return {
    id,
    spec,
    source: 'api',
    stage: 'unknown',
    stageAt: 0,
    lastSeq: 0,
    createdAt: 0,
    updatedAt: 0,
  };
}
