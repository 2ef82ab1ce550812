import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBootOverride, setBootOverride } from '../../../src/drivers/bmc/ipmi/chassis/boot-override.ts';
import { readChassis } from '../../../src/drivers/bmc/ipmi/chassis/chassis-report.ts';
import { identify } from '../../../src/drivers/bmc/ipmi/chassis/identify.ts';
import { setPowerRestorePolicy } from '../../../src/drivers/bmc/ipmi/chassis/power-policy.ts';
import type { IpmiRequester } from '../../../src/drivers/bmc/ipmi/requester.ts';
import { readChannels } from '../../../src/drivers/bmc/ipmi/settings/channels.ts';
import { readGuids } from '../../../src/drivers/bmc/ipmi/settings/guid.ts';
import { readLan } from '../../../src/drivers/bmc/ipmi/settings/lan.ts';
import { readSelfTest } from '../../../src/drivers/bmc/ipmi/settings/self-test.ts';
import { readUsers } from '../../../src/drivers/bmc/ipmi/settings/users.ts';
import { readWatchdog } from '../../../src/drivers/bmc/ipmi/settings/watchdog.ts';
import { ServiceError } from '../../../src/foundation/errors.ts';
import { createDirectRequester, type DirectAnswer } from '../../support/direct-requester.ts';

fc.configureGlobal({ numRuns: 300, seed: 2312 });

const never = new AbortController().signal;

const works: readonly (readonly [name: string, work: (requester: IpmiRequester) => Promise<unknown>])[] = [
  ['the chassis report', (requester) => readChassis(requester, () => Promise.resolve(null), never)],
  ['the identify light', (requester) => identify(requester, 'on', never)],
  ['the restore policy', (requester) => setPowerRestorePolicy(requester, 'restore', never)],
  [
    'setting the boot override',
    (requester) => setBootOverride(requester, { device: 'disk', persistent: true, efi: true }, never),
  ],
  ['reading the boot override', (requester) => readBootOverride(requester, never)],
  ['users', (requester) => readUsers(requester, never)],
  ['channels', (requester) => readChannels(requester, never)],
  ['LAN settings', (requester) => readLan(requester, never)],
  ['the watchdog', (requester) => readWatchdog(requester, never)],
  ['the self test', (requester) => readSelfTest(requester, never)],
  ['GUIDs', (requester) => readGuids(requester, never)],
];

const spoken: fc.Arbitrary<DirectAnswer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.uint8Array({ maxLength: 40 }).map((data) => ({ completionCode: 0, data: Buffer.from(data) })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 0xff }).map((completionCode) => ({ completionCode, data: Buffer.alloc(0) })),
  },
);
/** Silence ends most reports, so that half of the controllers never fall silent. */
const answers = fc.oneof(
  fc.infiniteStream(spoken),
  fc.infiniteStream(
    fc.oneof({ weight: 9, arbitrary: spoken }, { weight: 1, arbitrary: fc.constant('silent' as const) }),
  ),
);

/** A full user list is the longest: two requests for each of 63 ids. */
const MOST_REQUESTS = 130;

describe('a controller that answers anything', () => {
  test.each(works)('%s: a value or an error of ours, after few requests', async (_name, work) => {
    await fc.assert(
      fc.asyncProperty(answers, async (stream) => {
        const requester = createDirectRequester({});
        requester.intercept(() => stream.next().value ?? 'silent');
        try {
          // What is told must be fit for JSON: no field holds what has no text.
          JSON.stringify(await work(requester));
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
        expect(requester.requests.length).toBeLessThanOrEqual(MOST_REQUESTS);
      }),
    );
  });
});
