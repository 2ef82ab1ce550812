import type { IpmiCommand } from '../../../protocols/ipmi/command.ts';

/** What became of one request. `silent`: sent as often as allowed, and no answer came. */
export type Reply<Response> =
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'refused'; readonly completionCode: number }
  | { readonly kind: 'silent' };

/** A reply of a command that is repeated until something comes back. */
export type SpokenReply<Response> = Exclude<Reply<Response>, { readonly kind: 'silent' }>;

export type RequestOptions = {
  /** Logical unit of the controller that is asked, 0 to 3: some sensors sit behind another. Default 0. */
  readonly lun?: number;
};

/**
 * Carries out commands with one BMC, in its session, raised to the privilege that each command needs. The functions
 * of `chassis/`, `sensors/`, `event-log/`, … are written over this and know nothing of sessions.
 */
export type IpmiRequester = {
  /** `192.0.2.7:623`, for messages. */
  readonly name: string;
  /**
   * Sends a repeatable command until it is answered.
   * @throws CompletionCodeError when refused; UnreachableError after silence; DecodeError; what session set-up throws
   */
  ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options?: RequestOptions,
  ): Promise<Response>;
  /** As `ask`, a refusal being a value: for commands whose refusal means something. */
  attempt<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options?: RequestOptions,
  ): Promise<SpokenReply<Response>>;
  /** Sends any command once, in a session in which the BMC has just answered. Silence is a value here. */
  once<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal,
    options?: RequestOptions,
  ): Promise<Reply<Response>>;
};
