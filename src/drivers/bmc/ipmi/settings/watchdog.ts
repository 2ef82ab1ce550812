import {
  getWatchdogTimer,
  WatchdogAction,
  WatchdogPreTimeoutInterrupt,
  WatchdogUse,
} from '../../../../protocols/ipmi/commands/application/get-watchdog-timer.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

export type WatchdogReport = {
  readonly running: boolean;
  readonly use: 'bios-frb2' | 'bios-post' | 'os-load' | 'sms-os' | 'oem' | 'none';
  /** What happens to the machine when it expires; a run that waits for a slow boot wants to know. */
  readonly action: 'none' | 'hard-reset' | 'power-down' | 'power-cycle' | 'unknown';
  readonly preTimeoutInterrupt: 'none' | 'smi' | 'nmi' | 'messaging' | 'unknown';
  readonly preTimeoutMs: number;
  readonly initialMs: number;
  /** Left until it expires; null while it is stopped. */
  readonly presentMs: number | null;
  /** Expiry is written to the event log. */
  readonly logged: boolean;
  /** Uses of which a timer has expired. */
  readonly expired: readonly Exclude<WatchdogReport['use'], 'none'>[];
};

const uses: readonly (readonly [number, Exclude<WatchdogReport['use'], 'none'>])[] = [
  [WatchdogUse.biosFrb2, 'bios-frb2'],
  [WatchdogUse.biosPost, 'bios-post'],
  [WatchdogUse.osLoad, 'os-load'],
  [WatchdogUse.smsOs, 'sms-os'],
  [WatchdogUse.oem, 'oem'],
];

const actions: Readonly<Record<number, WatchdogReport['action']>> = {
  [WatchdogAction.none]: 'none',
  [WatchdogAction.hardReset]: 'hard-reset',
  [WatchdogAction.powerDown]: 'power-down',
  [WatchdogAction.powerCycle]: 'power-cycle',
};

const interrupts: Readonly<Record<number, WatchdogReport['preTimeoutInterrupt']>> = {
  [WatchdogPreTimeoutInterrupt.none]: 'none',
  [WatchdogPreTimeoutInterrupt.smi]: 'smi',
  [WatchdogPreTimeoutInterrupt.nmi]: 'nmi',
  [WatchdogPreTimeoutInterrupt.messaging]: 'messaging',
};

/** One count of the timer. @see IPMI v2.0 rev. 1.1 §27.7 */
const COUNT_MS = 100;

/** The watchdog timer; reading does not start it anew. @returns null where there is none @see §27.7 */
export async function readWatchdog(requester: IpmiRequester, signal: AbortSignal): Promise<WatchdogReport | null> {
  const timer = await ifThere(requester, getWatchdogTimer, undefined, signal);
  if (timer === null) return null;
  return {
    running: timer.running,
    use: uses.find(([use]) => use === timer.timerUse)?.[1] ?? 'none',
    action: actions[timer.timeoutAction] ?? 'unknown',
    preTimeoutInterrupt: interrupts[timer.preTimeoutInterrupt] ?? 'unknown',
    preTimeoutMs: timer.preTimeoutSeconds * 1_000,
    initialMs: timer.initialCountdown * COUNT_MS,
    presentMs: timer.running && timer.presentCountdown !== undefined ? timer.presentCountdown * COUNT_MS : null,
    logged: !timer.dontLog,
    expired: uses.filter(([use]) => (timer.expirationFlags & (1 << use)) !== 0).map(([, name]) => name),
  };
}
