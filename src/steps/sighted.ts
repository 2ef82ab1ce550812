import type { HostSighting } from '../domain/ports/hosts.ts';
import type { RunError } from '../domain/run.ts';
import type { JsonObject } from '../foundation/json.ts';

/** The sighting as a fact: small, and without anything that changes from look to look. */
export type HostFact = { readonly kind: HostSighting['kind'] } & JsonObject;

export function hostFact(sighting: HostSighting): HostFact {
  switch (sighting.kind) {
    case 'absent':
      return { kind: 'absent', why: sighting.why };
    case 'stage-1':
    case 'stage-3':
      return { kind: sighting.kind, fingerprint: sighting.fingerprint };
    case 'stranger':
      return {
        kind: 'stranger',
        seen: sighting.seen,
        seenKey: sighting.seenKey,
        expected: sighting.expected.map(({ stage, fingerprint }) => `stage ${stage}: ${fingerprint}`),
      };
  }
}

/** One line about the host, for "last seen". */
export function hostText(host: HostFact): string {
  switch (host.kind) {
    case 'absent':
      return `SSH did not answer (${String(host.why)})`;
    case 'stage-1':
      return 'the stage-1 host key answered';
    case 'stage-3':
      return 'the stage-3 host key answered';
    case 'stranger':
      return `an unknown host key answered (${String(host.seen)})`;
  }
}

/** A host key that is none of the pinned ones stops the run before anything secret is sent. */
export function strangerError(host: HostFact, machine: string): Omit<RunError, 'step'> {
  const expected = Array.isArray(host.expected) ? host.expected.join(', ') : '';
  return {
    code: 'host-key-changed',
    message: `the SSH host key of ${machine} is ${String(host.seen)}, expected ${expected}; nothing was sent to it`,
    hint:
      'If the machine was reinstalled or its key rotated, compare the fingerprint on its console and enrol the key: ' +
      `add "${String(host.seenKey)}" to hostKeys of stage1 or stage3 of this machine. Otherwise someone answers in its place.`,
    details: { seen: host.seen ?? null, expected: host.expected ?? null },
  };
}
