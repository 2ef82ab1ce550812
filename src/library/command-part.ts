import type { RawAnswer } from '../domain/hardware.ts';
import { sendRaw } from '../drivers/bmc/ipmi/raw.ts';
import type { Reply } from '../drivers/bmc/ipmi/requester.ts';
import { privilegeHint } from '../drivers/bmc/ipmi/session/session-privilege.ts';
import { UnreachableError } from '../foundation/errors.ts';
import type { IpmiCommand } from '../protocols/ipmi/command.ts';
import { CompletionCode, CompletionCodeError } from '../protocols/ipmi/completion-code.ts';
import type { CallOptions } from './calls.ts';
import { checkWhole } from './checks.ts';
import type { PartDeps } from './part.ts';

export type CommandCallOptions = CallOptions & {
  /** Logical unit of the controller that is asked, 0 to 3. Default 0. */
  readonly lun?: number | undefined;
};

/** A command as bytes, for what has no name here. */
export type RawRequest = {
  /** 0 to 62, even. */
  readonly netFn: number;
  /** 0 to 3. Default 0. */
  readonly lun?: number | undefined;
  /** 0 to 255. */
  readonly command: number;
  /** At most 200 bytes, after the command. Default: none. */
  readonly data?: Uint8Array | readonly number[] | undefined;
};

/** Any command: of the exported table, of the caller's own making, or as bytes. */
export type CommandPart = {
  /**
   * Carries out a typed command. One that says it is `repeatable` is sent until something comes back; any other goes out
   * once, in a session in which the controller has just answered.
   * @throws CompletionCodeError when refused
   * @throws UnreachableError after silence; for a command that was sent once `details.sent` is true, and whether it was
   *   carried out is not known
   * @throws DecodeError when the answer breaks its format
   */
  request<Request, Response>(
    command: IpmiCommand<Request, Response>,
    value: Request,
    options?: CommandCallOptions,
  ): Promise<Response>;
  /**
   * As `request`, with a refusal as a value, and for a command that is sent once silence too.
   * @throws UnreachableError when a repeatable command got no answer in all its attempts
   */
  attempt<Request, Response>(
    command: IpmiCommand<Request, Response>,
    value: Request,
    options?: CommandCallOptions,
  ): Promise<Reply<Response>>;
  /**
   * Sends bytes once, in a session raised to administrator, or as far as the login goes. A refusal is an answer.
   * @throws InvalidRequestError when a number is out of its range or the data are too long
   */
  raw(request: RawRequest, options?: CallOptions): Promise<RawAnswer>;
};

export function createCommandPart({ board, calls }: PartDeps): CommandPart {
  const { requester, keeper, user } = board;
  const lunOf = (options: CommandCallOptions | undefined): { readonly lun: number } => {
    checkWhole('LUN', options?.lun, 0, 3);
    return { lun: options?.lun ?? 0 };
  };

  return {
    request: (command, value, options) =>
      calls.run(options, async (signal) => {
        if (command.repeatable) return await requester.ask(command, value, signal, lunOf(options));
        const what = `${command.name} on BMC ${requester.name}`;
        const reply = await requester.once(command, value, signal, lunOf(options));
        switch (reply.kind) {
          case 'answered':
            return reply.response;
          case 'refused': {
            const limited = reply.completionCode === CompletionCode.insufficientPrivilege;
            const hint = limited ? privilegeHint(user, keeper.maximumPrivilege) : '';
            throw new CompletionCodeError(what, reply.completionCode, command.completionCodes, hint);
          }
          case 'silent':
            throw new UnreachableError(`${what}: sent once, no answer; whether it was carried out is not known`, {
              retry: 'give-up',
              details: { sent: true },
            });
        }
      }),
    attempt: (command, value, options) =>
      calls.run(options, async (signal) =>
        command.repeatable
          ? requester.attempt(command, value, signal, lunOf(options))
          : requester.once(command, value, signal, lunOf(options)),
      ),
    raw: ({ netFn, lun = 0, command, data = [] }, options) =>
      calls.run(options, async (signal) => {
        for (const byte of data) checkWhole('raw data', byte, 0, 0xff);
        return await sendRaw(requester, { netFn, lun, command, data: Buffer.from(data) }, signal);
      }),
  };
}
