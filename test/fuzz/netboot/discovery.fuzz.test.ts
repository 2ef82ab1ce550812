import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { mergeStrangerFacts, strangerFactsOf } from '../../../src/netboot/discovery/stranger-facts.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

/** A recorded request with some of its options replaced or added at random, and then some of its bytes. */
const mutated = fc
  .record({
    base: fc.constantFrom(...RECORDED_DHCP).map(recorded),
    options: fc.array(fc.tuple(fc.constantFrom(12, 50, 60, 77, 82, 93, 97, 175), fc.uint8Array({ maxLength: 255 })), {
      maxLength: 4,
    }),
    bytes: fc.array(fc.tuple(fc.nat(1400), fc.nat(255)), { maxLength: 6 }),
  })
  .map(({ base, options, bytes }) => {
    const added = options.flatMap(([code, value]) => [code, value.length, ...value]);
    // Before the others, so that they are read even when the end is cut.
    const data = Buffer.concat([base.subarray(0, 240), Buffer.from(added), base.subarray(240)]);
    for (const [at, value] of bytes) if (at < data.length) data[at] = value;
    return data;
  });

describe('what strangers tell, whatever they send', () => {
  it('is read without a fault, and is printable and short', () => {
    let understood = 0;
    fc.assert(
      fc.property(mutated, mutated, (one, other) => {
        const requests = [one, other].map(understandDhcp).filter((request) => typeof request !== 'string');
        const facts = requests.map((request) => strangerFactsOf(request, 'eth0'));
        const [first, second] = facts;
        if (first !== undefined && second !== undefined) facts.push(mergeStrangerFacts(first, second));
        for (const each of facts) {
          understood += 1;
          expect(JSON.parse(JSON.stringify(each))).toEqual(each);
          const { hostname, vendorClass, userClasses, relay, architectures } = each;
          const texts = [hostname, vendorClass, relay?.circuitId, relay?.remoteId, ...userClasses];
          for (const text of texts.filter((known) => known !== null && known !== undefined)) {
            expect(text).not.toMatch(/\p{Cc}/u);
            expect(text.length).toBeGreaterThan(0);
            expect(text.length).toBeLessThanOrEqual(128);
          }
          expect(userClasses.length).toBeLessThanOrEqual(8);
          expect(architectures.length).toBeLessThanOrEqual(8);
          expect(JSON.stringify(each).length).toBeLessThan(4096);
        }
      }),
      { numRuns: 2000, seed: 4711 },
    );
    expect(understood).toBeGreaterThan(1000);
  });
});
