import type { JsonObject } from '../foundation/json.ts';
import type { Stage } from './machine.ts';

/** Who saw or did it. */
export type EventSource = 'api' | 'config' | 'engine' | 'step' | 'dhcp' | 'tftp' | 'http' | 'console' | 'doctor';

/**
 * Past-tense facts of the one timeline, with what `data` holds. Types belong here, never to their producer. Nothing
 * secret enters an event; bulk output is stored beside and referred to.
 */
export const EVENT_TYPES = {
  /** actor, fields: names of the fields set or changed; discovered: MAC addresses that had asked before (declared only) */
  'machine.declared': 'machine declared',
  'machine.changed': 'machine changed',
  'machine.removed': 'machine removed',
  /** kind, params, actor, steps: names in order */
  'run.queued': 'run ordered',
  /** fence */
  'run.started': 'run started',
  /** fence, why: restart or lease-expired */
  'run.taken-over': 'run taken over',
  /** from, to: step names; round, why */
  'run.rewound': 'run went back',
  /** actor */
  'run.cancel-requested': 'cancellation requested',
  /** tookMs */
  'run.succeeded': 'run succeeded',
  /** code, message, hint?, lastSeen? */
  'run.failed': 'run failed',
  /** tookMs */
  'run.cancelled': 'run cancelled',
  /** index, round, deadlineMs */
  'step.entered': 'step entered',
  /** facts: only when they differ from the last ones */
  'step.observed': 'facts observed',
  /** why: only when it differs from the last one */
  'step.waited': 'waiting',
  /** result, tookMs */
  'step.done': 'step done',
  /** code, message, nextTryMs: an error that the step will try again after */
  'step.troubled': 'trouble, will try again',
  /** label, attempt, detail */
  'action.started': 'action started',
  /** label, attempt, tookMs, result? or code+message */
  'action.ended': 'action ended',
  /** attempt, expiresAt, boot: kind; kernel and initrds, generation, files or exit, by kind */
  'boot.armed': 'netboot armed',
  /** attempt, why */
  'boot.disarmed': 'netboot disarmed',
  /** protocol: dhcp or proxy; messageType, architecture, loader: firmware or ipxe */
  'boot.asked': 'machine asked to boot',
  /** protocol, file or url */
  'boot.offered': 'boot offered',
  /** protocol, why */
  'boot.ignored': 'boot request not answered',
  /** actor; proven, hung: names of the boot loaders that were known */
  'loaders.forgotten': 'boot loaders forgotten',
  /** code, severity, message, hint, attempt; evidence: lines of what was seen. Once for each finding of an attempt */
  'boot.diagnosed': 'boot trouble found',
  /** code, attempt: the boot came further after the finding */
  'boot.recovered': 'boot trouble is over',
  /** address, leaseMs */
  'lease.granted': 'address leased',
  /** protocol, name, bytes, tookMs */
  'file.served': 'file served',
  /** protocol, name, why */
  'file.refused': 'file refused',
  /** disk, bootId, verdict, promptId */
  'unlock.attempted': 'passphrase sent',
  'unlock.succeeded': 'disk unlocked',
  'unlock.failed': 'disk not unlocked',
  /** step, from, to: byte offsets in the step's output */
  'output.appended': 'output',
  /** actor, unpin?: the protection agreed to before was forgotten too */
  'bmc.authentication-reset': 'BMC login allowed again',
  // Written after the act, with actor, tookMs and outcome: done, failed, or unknown when the controller fell silent; what is
  // not done has code and message as well.
  /** light: on, off or seconds */
  'bmc.identified': 'identify light ordered',
  /** device, persistent, efi; read: what reads back; stuck: whether that is what was asked for */
  'bmc.boot-override-set': 'boot override ordered',
  /** policy */
  'bmc.power-policy-set': 'power restore policy ordered',
  /** entries: how many there were */
  'bmc.event-log-cleared': 'BMC event log ordered to be erased',
  /** setTo: ISO 8601 */
  'bmc.clock-set': 'BMC clock ordered to be set',
  /** netFn, lun, command, bytes: length of the data, never the data, which may be a password; completionCode, meaning */
  'bmc.raw-sent': 'raw BMC command sent',
  /** why: somebody else took the console; it is not taken back by itself */
  'console.stolen': 'console taken by somebody else',
  /** actor: told once when somebody begins to type, never what */
  'console.input-taken': 'somebody types on the console',
  /** actor, steal */
  'console.reconnect-ordered': 'console ordered to be connected again',
  /** toplevel, bootId */
  'generation.proven': 'generation proven',
} as const;

export type EventType = keyof typeof EVENT_TYPES;

/** An event as its producer hands it in; number and time are given by the timeline. */
export type NewEvent = {
  readonly type: EventType;
  readonly source: EventSource;
  readonly data: JsonObject;
  readonly runId?: string;
  readonly step?: string;
  /** The stage this proves the machine to be in; moves the machine's stage. */
  readonly stage?: Stage;
};

/** One fact, numbered without gaps within its machine. */
export type TimelineEvent = NewEvent & {
  readonly machineId: string;
  readonly seq: number;
  /** Epoch ms. */
  readonly at: number;
};
