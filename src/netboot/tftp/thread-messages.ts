import type { LogFields } from '../../foundation/log.ts';
import type { CounterReading } from '../../foundation/meter.ts';
import type { UdpPeer } from '../../foundation/udp.ts';
import type { TftpTerms } from '../../protocols/tftp/negotiate.ts';
import type { TransferFacts } from './reports.ts';
import type { SessionsOptions } from './sessions.ts';
import type { TransferEnd } from './transfer.ts';

/** What a transfer thread is started with. */
export type ThreadData = SessionsOptions & {
  /** Our own address. */
  readonly address: string;
  /** Whether somebody wants to see packets. */
  readonly watched: boolean;
};

/** What a transfer thread is told. */
export type ToThread =
  | {
      readonly kind: 'open';
      /** Comes back with `closed`. */
      readonly id: number;
      readonly client: UdpPeer;
      readonly name: string;
      readonly bytes: number;
      readonly terms: TftpTerms;
      /** In memory that both threads see. */
      readonly content: Uint8Array;
    }
  /** Ends all transfers, and with them the thread. */
  | { readonly kind: 'stop' };

/** What a transfer thread tells. */
export type FromThread =
  | { readonly kind: 'ready' }
  /** An order is over: its transfer has ended, or it repeated one that runs. */
  | { readonly kind: 'closed'; readonly id: number }
  | {
      readonly kind: 'ended';
      readonly address: string;
      readonly facts: TransferFacts;
      readonly end: TransferEnd;
    }
  | { readonly kind: 'counted'; readonly counters: readonly CounterReading[] }
  | { readonly kind: 'logged'; readonly level: LogLevel; readonly fields: LogFields; readonly text: string }
  | {
      readonly kind: 'saw';
      readonly direction: 'in' | 'out';
      readonly local: UdpPeer;
      readonly remote: UdpPeer;
      readonly data: Uint8Array;
    };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
