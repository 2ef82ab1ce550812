import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cipherSuites } from '../../../src/protocols/ipmi/cipher-suites.ts';
import { loadRecording, recordings, recordingsV15 } from '../../unit/ipmi/recorded-sessions.ts';
import { CONSOLE, createWire, STRANGER, sessionOf, suiteOf } from '../../unit/ipmi/simulator/wire-console.ts';

fc.configureGlobal({ numRuns: 300, seed: 623 });

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const recorded = [...recordings, ...recordingsV15].flatMap((name) => loadRecording(name).map((each) => each.bytes));
const mutation = fc.record({ at: fc.nat(200), inserted: bytes(4), remove: fc.nat(4) });

/** Bytes behind an RMCP header, or a recorded datagram that was tampered with. */
const datagrams = fc.oneof(
  bytes(120).map((rest) => Buffer.concat([Buffer.of(0x06, 0x00, 0xff, 0x07), rest])),
  bytes(40).map((rest) => Buffer.concat([Buffer.of(0x06, 0x00, 0xff, 0x06), rest])),
  fc.record({ datagram: fc.constantFrom(...recorded), mutations: fc.array(mutation, { maxLength: 3 }) }).map(tampered),
);

function tampered({
  datagram,
  mutations,
}: {
  datagram: Buffer;
  mutations: { at: number; inserted: Buffer; remove: number }[];
}): Buffer {
  let result = datagram;
  for (const { at, inserted, remove } of mutations) {
    const cut = at % (result.length + 1);
    result = Buffer.concat([result.subarray(0, cut), inserted, result.subarray(cut + remove)]);
  }
  return result;
}

const all = cipherSuites.map(({ id }) => id);

describe('a simulated BMC among garbage', () => {
  test('whatever comes, it lives, its sessions live, and no verb is carried out', async () => {
    await using wire = await createWire({
      cipherSuites: all,
      ipmi15: 'per-message',
      limits: { maximumSessions: 1_000 },
    });
    const session = await sessionOf(wire, { suite: 17 });
    await fc.assert(
      fc.asyncProperty(datagrams, fc.constantFrom(CONSOLE, STRANGER), async (datagram, from) => {
        await wire.exchange(datagram, from);
      }),
      { numRuns: 3_000 },
    );
    expect((await session.ask(0x06, 0x01)).completionCode).toBe(0);
    expect(wire.bmc.powerLog).toEqual([]);
    expect(wire.bmc.dropped).toBeGreaterThan(500);
  });

  test.each(all.filter((id) => suiteOf(id).integrity !== 0))(
    'suite %i: power on with any bit changed is not carried out',
    async (suite) => {
      await using wire = await createWire({ cipherSuites: all });
      const session = await sessionOf(wire, { suite });
      await session.ask(0x06, 0x3b, [4]);
      const genuine = session.seal(0x00, 0x02, [1]);
      for (let at = 0; at < genuine.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const changed = Buffer.from(genuine);
          changed[at] = (changed[at] ?? 0) ^ (1 << bit);
          await wire.exchange(changed);
        }
      }
      expect(wire.bmc.powerLog).toEqual([]);
      expect(wire.received()).toEqual([]);
      expect(await wire.exchange(genuine)).toHaveLength(1);
      expect(wire.bmc.powerLog).toHaveLength(1);
    },
  );
});
