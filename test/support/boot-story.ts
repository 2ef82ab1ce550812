import { diagnose } from '../../src/domain/boot/diagnosis/diagnose.ts';
import {
  afterObservation,
  type BootEvidence,
  type BootExpectation,
  noEvidence,
} from '../../src/domain/boot/diagnosis/evidence.ts';
import type {
  Answered,
  Asked,
  BootObservation,
  Fetched,
  Transferred,
} from '../../src/domain/boot/diagnosis/observation.ts';
import type { FindingCode } from '../../src/domain/boot/diagnosis/rule.ts';

export const CARD = '52:54:00:00:00:01';
export const SERVER = '10.0.0.1';

/** A boot told in observations, seconds after it was armed. */
export type Story = {
  readonly evidence: BootEvidence;
  at(second: number): Story;
  asked(change?: Partial<Asked>): Story;
  answered(change?: Partial<Answered>): Story;
  tftp(what: Transferred['what'], change?: Partial<Transferred>): Story;
  http(what: Fetched['what'], of: Fetched['of'], change?: Partial<Fetched>): Story;
  seen(observation: BootObservation): Story;
  /** DISCOVER, OFFER, REQUEST, ACK within a second. */
  fourWay(speaker: 'firmware' | 'ipxe', change?: Partial<Asked>): Story;
  /** The whole way to the script, quickly. */
  toScript(): Story;
  /** Codes found so many seconds after the attempt was armed. */
  findings(second: number): readonly FindingCode[];
};

export function bootStory(expects: Partial<BootExpectation> = {}): Story {
  const whole = { boot: 'kernel', initrds: 1, patienceMs: 60_000, ...expects } as const;
  return story(noEvidence(whole, 0), 0);
}

function story(evidence: BootEvidence, second: number): Story {
  const at = second * 1000;
  const next = (observation: BootObservation): Story => story(afterObservation(evidence, observation), second);
  const self: Story = {
    evidence,
    at: (later) => story(evidence, later),
    asked: (change = {}) =>
      next({
        ...{ kind: 'asked', at, channel: 'dhcp', type: 'discover', speaker: 'firmware', mac: CARD, interface: 'eth0' },
        ...{
          mode: 'full',
          relay: null,
          architecture: 7,
          chosen: null,
          foreign: false,
          configured: false,
          heardOffers: null,
        },
        ...change,
      }),
    answered: (change = {}) =>
      next({
        ...{ kind: 'answered', at, channel: 'dhcp', type: 'offer', mac: CARD, server: SERVER },
        ...{ names: 'loader', file: 'ipxe.efi' },
        ...change,
      }),
    tftp: (what, change = {}) => next({ kind: 'tftp', at, what, file: 'ipxe.efi', ...change }),
    http: (what, of, change = {}) => {
      const file = { script: 'script.ipxe', kernel: 'kernel', initrd: 'initrd/0', loader: 'ipxe.efi', file: 'files/a' };
      return next({ kind: 'http', at, what, of, file: file[of], ...change });
    },
    seen: next,
    fourWay(speaker, change = {}) {
      const names = speaker === 'ipxe' ? ({ names: 'script', file: null } as const) : {};
      return self
        .asked({ speaker, ...change })
        .answered(names)
        .asked({ speaker, ...change, type: 'request', chosen: SERVER })
        .answered({ ...names, type: 'ack' });
    },
    toScript: () =>
      self
        .fourWay('firmware')
        .tftp('asked')
        .tftp('answered')
        .tftp('served')
        .fourWay('ipxe')
        .http('asked', 'script')
        .http('served', 'script'),
    findings: (later) => diagnose(evidence, later * 1000).map(({ code }) => code),
  };
  return self;
}
