import type { IpmiRequester, Reply } from '../../src/drivers/bmc/ipmi/requester.ts';
import { ByteReader } from '../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../src/foundation/bytes/byte-writer.ts';
import { UnreachableError } from '../../src/foundation/errors.ts';
import { cipherSuiteById } from '../../src/protocols/ipmi/cipher-suites.ts';
import type { IpmiCommand } from '../../src/protocols/ipmi/command.ts';
import { CompletionCode, CompletionCodeError } from '../../src/protocols/ipmi/completion-code.ts';
import {
  BMC_ADDRESS,
  type IpmiRequest,
  MAXIMUM_DATA_BYTES,
  REMOTE_CONSOLE_ADDRESS,
} from '../../src/protocols/ipmi/message.ts';
import { PrivilegeLevel } from '../../src/protocols/ipmi/privilege-level.ts';
import type { CommandContext } from '../../src/simulator/bmc/command-handler.ts';
import { carryOut } from '../../src/simulator/bmc/commands.ts';
import type { ActiveSession } from '../../src/simulator/bmc/sessions.ts';

/** What a controller answers, on the wire: the completion code, and the data after it. */
export type DirectAnswer = { readonly completionCode: number; readonly data: Buffer };

/**
 * Stands between the requester and the simulated controller.
 * @param pass carries the request out, or another one in its place
 * @returns the answer that the requester gets; `silent` for none
 */
export type Intercept = (
  request: IpmiRequest,
  pass: (instead?: IpmiRequest) => DirectAnswer,
) => DirectAnswer | 'silent' | Promise<DirectAnswer | 'silent'>;

export type DirectRequester = IpmiRequester & {
  /** Every request as it was made, in order. */
  readonly requests: readonly IpmiRequest[];
  /** How often this command was asked for. */
  count(command: Pick<IpmiCommand<never, never>, 'netFn' | 'command'>): number;
  /** From now on; the one before is gone. */
  intercept(hook: Intercept | undefined): void;
};

/** An answer with data, for an {@link Intercept}. */
export const answered = (data: readonly number[] | Buffer): DirectAnswer => ({
  completionCode: CompletionCode.ok,
  data: Buffer.from(data),
});

/** A refusal, for an {@link Intercept}. */
export const refused = (completionCode: number): DirectAnswer => ({ completionCode, data: Buffer.alloc(0) });

/**
 * A requester without session or network: requests and answers pass through their codecs and straight into the
 * simulated controller's handlers.
 * @param parts what the commands of this test act on; a command that touches anything else fails
 * @param privilege of the session that the controller sees
 */
export function createDirectRequester(
  parts: Partial<CommandContext>,
  privilege: number = PrivilegeLevel.administrator,
): DirectRequester {
  const name = '192.0.2.7:623';
  const context = partsOnly(parts);
  const session = sessionAt(privilege);
  const requests: IpmiRequest[] = [];
  let hook: Intercept | undefined;

  const pass = (request: IpmiRequest): DirectAnswer => {
    const { completionCode, data } = carryOut(request, context, session);
    return { completionCode, data: Buffer.from(data) };
  };

  async function once<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    lun = 0,
  ): Promise<Reply<Response>> {
    signal.throwIfAborted();
    const writer = new ByteWriter(MAXIMUM_DATA_BYTES);
    command.encodeRequest(request, writer);
    const message: IpmiRequest = {
      responderAddress: BMC_ADDRESS,
      netFn: command.netFn,
      responderLun: lun,
      requesterAddress: REMOTE_CONSOLE_ADDRESS,
      requesterSequence: requests.length & 0x3f,
      requesterLun: 0,
      command: command.command,
      data: Buffer.from(writer.done()),
    };
    requests.push(message);
    const answer = hook ? await hook(message, (instead = message) => pass(instead)) : pass(message);
    signal.throwIfAborted();
    if (answer === 'silent') return { kind: 'silent' };
    if (answer.completionCode !== CompletionCode.ok) {
      return { kind: 'refused', completionCode: answer.completionCode };
    }
    return { kind: 'answered', response: command.decodeResponse(new ByteReader(answer.data)) };
  }

  const requester: DirectRequester = {
    name,
    requests,
    count: ({ netFn, command }) => requests.filter((each) => each.netFn === netFn && each.command === command).length,
    intercept(next) {
      hook = next;
    },
    once: (command, request, signal, options) => once(command, request, signal, options?.lun),
    async attempt(command, request, signal, options) {
      const reply = await once(command, request, signal, options?.lun);
      if (reply.kind === 'silent') throw new UnreachableError(`${command.name} on BMC ${name}: no answer`);
      return reply;
    },
    async ask(command, request, signal, options) {
      const reply = await requester.attempt(command, request, signal, options);
      if (reply.kind === 'answered') return reply.response;
      throw new CompletionCodeError(`${command.name} on BMC ${name}`, reply.completionCode, command.completionCodes);
    },
  };
  return requester;
}

/** A context that says which part a command missed. */
function partsOnly(parts: Partial<CommandContext>): CommandContext {
  const missing = (key: string | symbol): never => {
    throw new Error(`this test's controller has no "${String(key)}"`);
  };
  const context = new Proxy(parts, { get: (target, key) => (key in target ? Reflect.get(target, key) : missing(key)) });
  // Complete as far as the commands of the test can see.
  return context as CommandContext;
}

function sessionAt(privilege: number): ActiveSession {
  const user = { name: 'admin', password: 'secret', privilege };
  const suite = cipherSuiteById(17);
  if (suite === undefined) throw new Error('suite 17 is not in the table');
  return {
    state: 'active',
    format: 'v2.0',
    id: 1,
    remoteConsoleSessionId: 2,
    protection: {
      suite,
      k1: Buffer.alloc(20),
      k2: Buffer.alloc(16),
    },
    user,
    maximumPrivilege: privilege,
    privilege,
    received: { highest: 0, seen: 0 },
    lastSentSequence: 0,
    peer: { address: '192.0.2.1', port: 50_000 },
    lastUsed: 0,
  };
}
