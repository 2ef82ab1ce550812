import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJobStatus } from '../../../src/drivers/nixos/job-status.ts';
import { createRedactor } from '../../../src/drivers/nixos/redactor.ts';
import { hostKeyOf, parseHostKey } from '../../../src/drivers/ssh/host-key.ts';
import { parseInitrdReport } from '../../../src/drivers/unlock/initrd-report.ts';
import { initOf } from '../../../src/drivers/unlock/kernel-command-line.ts';
import { ConfigError, RefusedError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';

const GOOD = `boot-id 365a43e1-25ad-4fe7-bd8b-78f7b1aa54d5
cmdline init=/nix/store/x/init
uptime 1.5 0
initrd-release
systemd
ask ask.a PID=5
ask ask.a Socket=/run/systemd/ask-password/sck.1
ask-cgroup ask.a 0::/system.slice/systemd-cryptsetup@r.service
unit systemd-cryptsetup@r.service loaded activating start x
opened other
`;

/** The good report with some bytes changed. */
const mutated = fc
  .array(fc.record({ at: fc.nat(GOOD.length - 1), byte: fc.nat(255) }), { maxLength: 12 })
  .map((changes) => {
    const bytes = Buffer.from(GOOD);
    for (const { at, byte } of changes) bytes[at] = byte;
    return bytes;
  });

describe('remote bytes', () => {
  test('an initrd’s report is read or refused, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 400 }).map(Buffer.from)), (bytes) => {
        try {
          for (const { disk, id } of parseInitrdReport(bytes, 'm').prompts) expect(disk && id).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedError);
        }
      }),
      { seed: 7, numRuns: 2000 },
    );
  });

  test('a host key line is read or refused, and one that is read prints back', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.uint8Array().map((b) => `ssh-ed25519 ${Buffer.from(b).toString('base64')}`),
        ),
        (line) => {
          try {
            const key = parseHostKey(line);
            expect(parseHostKey(key.line)).toEqual(key);
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
          }
        },
      ),
      { seed: 7, numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(hostKeyOf(Buffer.from(bytes)).fingerprint).toMatch(/^SHA256:/);
      }),
      { seed: 7 },
    );
  });

  test('job status and command lines never throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['absent', 'running', 'ended']).toContain(parseJobStatus(Buffer.from(text)).kind);
        const init = initOf(text);
        expect(init === null || init.length > 0).toBe(true);
      }),
      { seed: 7 },
    );
  });

  test('redaction keeps lengths, lets no token through, and leaves the rest alone, however it is cut', () => {
    const token = 'abcabcabd-token';
    const piece = fc.oneof(
      fc.constant(token),
      fc.constant('abcabc'),
      fc.string({ maxLength: 5 }),
      fc.constant(token.slice(0, 9)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (pieces, cuts) => {
          const input = Buffer.from(pieces.join(''));
          using redactor = createRedactor([Secret.fromText(token)]);
          const out: Buffer[] = [];
          for (let at = 0, i = 0; at < input.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            out.push(redactor.push(input.subarray(at, at + size)));
            at += size;
          }
          const output = Buffer.concat([...out, redactor.end()]).toString('latin1');
          expect(output).toBe(input.toString('latin1').replaceAll(token, '*'.repeat(token.length)));
        },
      ),
      { seed: 7, numRuns: 1000 },
    );
  });
});
