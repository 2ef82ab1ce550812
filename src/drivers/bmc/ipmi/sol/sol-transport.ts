import type { IpmiRequester } from '../requester.ts';

/** The session that carries a console: commands and SOL packets in the same one. Disposing lets the session go. */
export type SolTransport = AsyncDisposable & {
  /** `192.0.2.7:623`, for messages. */
  readonly name: string;
  /** Commands in this very session; never sets up another one. */
  readonly requester: IpmiRequester;
  /** The controller's id for it (managed system session id): who owns a payload. */
  readonly managedSystemSessionId: number;
  /** UDP port that the session uses. */
  readonly port: number;
  /** Whether its cipher suite signs packets, and whether it encrypts them. */
  readonly signed: boolean;
  readonly encrypted: boolean;
  /** Sends one SOL payload, protected as the session is. */
  send(payload: Buffer): Promise<void>;
  /** Receives authentic SOL payloads until disposed; views. */
  onPayload(receiver: (payload: Buffer) => void): Disposable;
  /** Fires when the session is over: controller restarted, idle cut, closed. */
  readonly ended: AbortSignal;
};

/** Sets such a session up. @throws AuthenticationError, UnreachableError, RefusedError, DeadlineError */
export type OpenSolTransport = (signal: AbortSignal) => Promise<SolTransport>;
