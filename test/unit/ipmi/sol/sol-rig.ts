import type { SerialConsole, SerialConsoleEvent } from '../../../../src/domain/ports/serial-console.ts';
import type { IpmiRequester, Reply } from '../../../../src/drivers/bmc/ipmi/requester.ts';
import { createSolConsole, type SolConsoleOptions } from '../../../../src/drivers/bmc/ipmi/sol/sol-console.ts';
import type { SolTransport } from '../../../../src/drivers/bmc/ipmi/sol/sol-transport.ts';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/bytes/byte-writer.ts';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import { silentLog } from '../../../../src/foundation/log.ts';
import type { IpmiCommand } from '../../../../src/protocols/ipmi/command.ts';
import { CompletionCode, CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { MAXIMUM_DATA_BYTES } from '../../../../src/protocols/ipmi/message.ts';
import { emptyReceiveWindow, nextSequence, receiveSequence } from '../../../../src/protocols/ipmi/receive-window.ts';
import type { CommandContext } from '../../../../src/simulator/bmc/command-handler.ts';
import { carryOut } from '../../../../src/simulator/bmc/commands.ts';
import type { ActiveSession } from '../../../../src/simulator/bmc/sessions.ts';
import { createScriptedLine, type ScriptedLine } from '../../../../src/simulator/bmc/sol/serial-line.ts';
import type { SolBehaviour } from '../../../../src/simulator/bmc/sol/sol-behaviour.ts';
import { createSolServer, type SolServer } from '../../../../src/simulator/bmc/sol/sol-server.ts';
import { createManualClock, type ManualClock, settle } from '../../../support/manual-clock.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';

export const never = new AbortController().signal;

/** What becomes of one SOL packet: when its copies arrive, milliseconds from now; none when it is lost. */
export type Fate = readonly number[];
export type SolTraveller = {
  readonly direction: 'to-bmc' | 'from-bmc';
  /** Counts the packets of this direction from 1. */
  readonly count: number;
  readonly payload: Buffer;
};

/** What becomes of a command, when not what the controller says. */
export type CommandFate = 'silent' | 'answer-lost' | { readonly refusal: number } | { readonly data: Buffer };

export type SolRig = AsyncDisposable & {
  readonly clock: ManualClock;
  readonly line: ScriptedLine;
  readonly server: SolServer;
  /** Packets that went each way, in order, as they were sent. */
  readonly carried: readonly SolTraveller[];
  /** Names of the commands that arrived, with the session, in order: `2 Activate Payload`. */
  readonly commands: readonly string[];
  /** Told of each packet from now on. */
  fate(hook: (traveller: SolTraveller) => Fate): void;
  /** Told of each command from now on. */
  commandFate(hook: (name: string, session: number) => CommandFate | undefined): void;
  /** What opening a transport fails with from now on. */
  refuse(error: Error | undefined): void;
  /** A transport of a new session; the ids count from 1. */
  open(signal: AbortSignal): Promise<SolTransport>;
  /** Sends a SOL payload, whatever it is, to the session of that id. */
  inject(id: number, payload: Buffer): void;
  /** Ends the sessions that are up, as a controller that restarts. */
  restart(): void;
  console(options?: SolConsoleOptions): WatchedConsole;
};

/** A console that keeps what it reports. */
export type WatchedConsole = SerialConsole & {
  readonly events: readonly SerialConsoleEvent[];
  /** Output so far as text, what is missing marked `[lost]`. */
  transcript(): string;
  /** The reports but for output, in short: `connected`, `lost`, `stolen`. */
  story(): readonly string[];
};

/** Consoles and a simulated controller without the sessions between them, on a clock that only the test moves. */
export function createSolRig(behaviour: Partial<SolBehaviour> = {}, suite = { signed: true, encrypted: true }): SolRig {
  const clock = createManualClock();
  const line = createScriptedLine();
  const stop = new AbortController();
  const carried: SolTraveller[] = [];
  const commands: string[] = [];
  const sessions = new Map<number, { readonly deliver: (payload: Buffer) => void; readonly end: AbortController }>();
  const counts = { 'to-bmc': 0, 'from-bmc': 0 };
  let fate: (traveller: SolTraveller) => Fate = () => [0];
  let commandFate: (name: string, session: number) => CommandFate | undefined = () => undefined;
  let refusal: Error | undefined;
  let lastId = 0;
  let consoles = 0;

  function carry(direction: SolTraveller['direction'], payload: Buffer, deliver: (payload: Buffer) => void): void {
    const traveller = { direction, count: ++counts[direction], payload: Buffer.from(payload) };
    carried.push(traveller);
    const gone = (): void => undefined;
    for (const ms of fate(traveller)) {
      if (ms === 0) queueMicrotask(() => deliver(Buffer.from(payload)));
      else clock.sleep(ms, stop.signal).then(() => deliver(Buffer.from(payload)), gone);
    }
  }

  const send = (id: number, payload: Buffer): void => sessions.get(id)?.deliver(payload);
  const server = createSolServer({ clock, line, send, port: () => 623 }, behaviour, stop.signal);

  function createRequester(id: number): IpmiRequester {
    const name = '192.0.2.7:623';
    async function request<Request, Response>(
      command: IpmiCommand<Request, Response>,
      value: Request,
      silentMs: number,
      signal: AbortSignal,
    ): Promise<Reply<Response>> {
      signal.throwIfAborted();
      const data = new ByteWriter(MAXIMUM_DATA_BYTES);
      command.encodeRequest(value, data);
      const what = commandFate(command.name, id);
      if (!sessions.has(id) || what === 'silent') {
        await clock.sleep(silentMs, signal);
        return { kind: 'silent' };
      }
      commands.push(`${id} ${command.name}`);
      if (typeof what === 'object') {
        if ('refusal' in what) return { kind: 'refused', completionCode: what.refusal };
        return { kind: 'answered', response: command.decodeResponse(new ByteReader(what.data)) };
      }
      const answer = carryOut(asRequest(command, data.done()), contextOf(server), sessionOf(id));
      if (what === 'answer-lost') {
        await clock.sleep(silentMs, signal);
        return { kind: 'silent' };
      }
      if (answer.completionCode !== CompletionCode.ok)
        return { kind: 'refused', completionCode: answer.completionCode };
      return { kind: 'answered', response: command.decodeResponse(new ByteReader(answer.data)) };
    }
    const requester: IpmiRequester = {
      name,
      once: (command, value, signal) => request(command, value, 5_000, signal),
      async attempt(command, value, signal) {
        const reply = await request(command, value, 6_000, signal);
        if (reply.kind === 'silent') throw new UnreachableError(`${command.name} on BMC ${name}: no answer`);
        return reply;
      },
      async ask(command, value, signal) {
        const reply = await requester.attempt(command, value, signal);
        if (reply.kind === 'answered') return reply.response;
        throw new CompletionCodeError(`${command.name} on BMC ${name}`, reply.completionCode);
      },
    };
    return requester;
  }

  const rig: SolRig = {
    clock,
    line,
    server,
    carried,
    commands,
    fate(hook) {
      fate = hook;
    },
    commandFate(hook) {
      commandFate = hook;
    },
    refuse(error) {
      refusal = error;
    },
    async open(signal) {
      signal.throwIfAborted();
      if (refusal) throw refusal;
      const id = ++lastId;
      const receivers = new Set<(payload: Buffer) => void>();
      const end = new AbortController();
      const toConsole = createNumbered((payload) => {
        for (const receiver of receivers) receiver(payload);
      });
      const toController = createNumbered((payload) => server.receive(id, payload));
      sessions.set(id, {
        end,
        deliver: (payload) => toConsole.send(payload, (wire, take) => carry('from-bmc', wire, take)),
      });
      return {
        name: '192.0.2.7:623',
        requester: createRequester(id),
        managedSystemSessionId: id,
        port: 623,
        ...suite,
        send: async (payload) => {
          if (sessions.has(id)) toController.send(payload, (wire, take) => carry('to-bmc', wire, take));
        },
        onPayload(receiver) {
          receivers.add(receiver);
          return { [Symbol.dispose]: () => void receivers.delete(receiver) };
        },
        ended: end.signal,
        async [Symbol.asyncDispose]() {
          sessions.delete(id);
          server.sessionEnded(id);
        },
      };
    },
    inject: send,
    restart() {
      for (const [id, { end }] of [...sessions]) {
        sessions.delete(id);
        server.sessionEnded(id);
        end.abort(new UnreachableError('the controller has restarted'));
      }
    },
    console: (options = {}) => watch(rig, options, `console ${consoles++}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await settle();
    },
  };
  return rig;
}

function watch(rig: SolRig, options: SolConsoleOptions, seed: string): WatchedConsole {
  const events: SerialConsoleEvent[] = [];
  const deps = { clock: rig.clock, entropy: createSeededEntropy(seed), log: silentLog, open: rig.open };
  const console = createSolConsole(deps, options, (event) => {
    events.push(event.kind === 'output' ? { kind: 'output', bytes: Buffer.from(event.bytes) } : event);
  });
  return {
    ...console,
    events,
    transcript: () =>
      events
        .map((event) =>
          event.kind === 'output' ? event.bytes.toString('latin1') : event.kind === 'lost' ? '[lost]' : '',
        )
        .join(''),
    story: () =>
      events.flatMap((event) => {
        if (event.kind === 'output') return [];
        return [event.kind === 'disconnected' ? event.reason : event.kind];
      }),
  };
}

/** One direction of a session: numbers what it sends, and takes each number once, late ones too, as sessions do. */
function createNumbered(receive: (payload: Buffer) => void): {
  send(payload: Buffer, carry: (payload: Buffer, deliver: (payload: Buffer) => void) => void): void;
} {
  let sent = 0;
  let received = emptyReceiveWindow;
  return {
    send(payload, carry) {
      sent = nextSequence(sent);
      const number = sent;
      carry(payload, (arrived) => {
        const next = receiveSequence(received, number);
        if (next === undefined) return;
        received = next;
        receive(arrived);
      });
    },
  };
}

function asRequest(command: { readonly netFn: number; readonly command: number }, data: Buffer) {
  const addresses = { responderAddress: 0x20, responderLun: 0, requesterAddress: 0x81, requesterLun: 0 };
  return { ...addresses, netFn: command.netFn, command: command.command, requesterSequence: 0, data };
}

/** What the payload commands and Get Device ID look at. */
function contextOf(sol: SolServer): CommandContext {
  const device = {
    deviceId: 0x20,
    deviceRevision: 1,
    providesDeviceSdrs: false,
    updateInProgress: false,
    firmwareMajor: 1,
    firmwareMinor: 0,
    ipmiVersion: 2,
    additionalDeviceSupport: 0,
    manufacturerId: 0,
    productId: 0,
  };
  return { sol, device } as Partial<CommandContext> as CommandContext;
}

function sessionOf(id: number): ActiveSession {
  return { state: 'active', format: 'v2.0', id, privilege: 4 } as Partial<ActiveSession> as ActiveSession;
}
