import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/foundation/errors.ts';
import { cutBlocks } from '../../../src/netboot/tftp/blocks.ts';
import { listedFiles } from '../../../src/netboot/tftp/files.ts';
import { findFile } from '../../../src/netboot/tftp/names.ts';
import { createTransfer } from '../../../src/netboot/tftp/transfer.ts';
import { negotiateTftp } from '../../../src/protocols/tftp/negotiate.ts';
import { ackedBlock, decodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { recorded } from '../../support/recorded-netboot.ts';
import { runTransfer, seededFractions } from '../../support/tftp-model.ts';

const RUNS = { numRuns: 1000, seed: 4711 };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const option = fc.record({
  name: fc.oneof(
    fc.constantFrom('blksize', 'BLKSIZE', 'windowsize', 'timeout', 'tsize', 'TSize', 'multicast'),
    fc.string(),
  ),
  value: fc.oneof(
    fc.nat(70_000).map(String),
    fc.constantFrom('', '-1', '0x10', '1e3', ' 512', '99999999999'),
    fc.string(),
  ),
});

describe('a server of files', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      'ipxe.efi',
      'IPXE.EFI',
      '\u0000',
      '\u00ff',
      '%2e%2e',
      'a',
      'fs.lst',
      '…',
      '//',
    ),
    fc.string({ maxLength: 4 }),
  );
  it('finds only what is listed, and never by way of ..', async () => {
    const listed = { name: 'ipxe.efi', data: Buffer.from('x') };
    const files = listedFiles(new Map([[listed.name, listed]]));
    const names = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const found = await findFile(name, files, { address: '10.0.0.7', port: 1 });
        if (found.kind === 'found') expect(found.file === listed || found.file.data.length === 0).toBe(true);
        if (name.split(/[\\/]/).includes('..')) expect(found.kind).toBe('forbidden');
      }),
      RUNS,
    );
  });

  it('never acknowledges more than was asked, nor what was not', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(option, { selector: ({ name }) => name.toLowerCase(), maxLength: 8 }),
        fc.nat(100_000),
        fc.constantFrom('octet', 'netascii'),
        (options, size, mode) => {
          const terms = negotiateTftp(options, size, mode, { maximumBlksize: 1468, maximumWindowsize: 64 });
          const asked = (name: string) =>
            options.filter((each) => each.name === name).map(({ value }) => Number(value));
          for (const { name, value } of terms.oack) {
            const number = Number(value);
            if (/^(blksize|windowsize)$/i.test(name)) expect(asked(name).some((each) => number <= each)).toBe(true);
            if (name.toLowerCase() === 'timeout') expect(asked(name)).toContain(number);
          }
          const order = terms.oack.map(({ name }) => options.findIndex((each) => each.name === name));
          expect(order).toEqual([...order].sort((a, b) => a - b));
          expect(terms.blksize).toBeGreaterThanOrEqual(8);
          expect(terms.blksize).toBeLessThanOrEqual(1468);
          expect(terms.windowsize).toBeLessThanOrEqual(mode === 'octet' ? 64 : 1);
        },
      ),
      RUNS,
    );
  });

  it('reads any change of what firmware sent, or refuses it', () => {
    const requests = ['ovmf-tftp-probe', 'ovmf-tftp-read'].map(recorded);
    const change = fc.tuple(fc.nat(99), fc.nat(255));
    fc.assert(
      fc.property(
        fc.constantFrom(...requests),
        fc.array(change, { maxLength: 6 }),
        fc.nat(120),
        (request, changes, length) => {
          const data = Buffer.from(request.subarray(0, length));
          for (const [at, value] of changes) if (at < data.length) data[at] = value;
          try {
            const packet = decodeTftpPacket(data);
            expect(ackedBlock(data)).toBe(packet.kind === 'ack' ? packet.block : -1);
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        },
      ),
      RUNS,
    );
  });
});

describe('a transfer', () => {
  const packet = fc.oneof(
    fc.record({ kind: fc.constant('ack' as const), block: fc.oneof(fc.nat(40), fc.nat(0xffff)) }),
    fc.record({ kind: fc.constant('error' as const), code: fc.nat(9), message: fc.constant('') }),
    fc.record({ kind: fc.constant('data' as const), block: fc.nat(9), data: bytes(4) }),
    fc.constantFrom({ kind: 'silence' as const }, { kind: 'gone' as const }),
  );
  it('sends at most one window for each packet, no larger than agreed, and ends once', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (packets, windowsize, negotiated) => {
          const sent: Buffer[] = [];
          let ends = 0;
          const oack = negotiated ? [{ name: 'blksize', value: '8' }] : [];
          const transfer = createTransfer(
            { oack, windowsize },
            cutBlocks(Buffer.alloc(8 * 30 + 1), 8),
            (data) => void sent.push(data),
            () => void ends++,
          );
          transfer.start();
          for (const each of packets) {
            sent.length = 0;
            const over = ends > 0;
            if (each.kind === 'silence') transfer.retransmit();
            else if (each.kind === 'gone') transfer.gone();
            else transfer.receive(each);
            expect(sent.length).toBeLessThanOrEqual(over ? 0 : windowsize);
            for (const data of sent) if (data[1] === 3) expect(data.length).toBeLessThanOrEqual(12);
          }
          transfer.giveUp();
          expect(ends).toBe(1);
        },
      ),
      RUNS,
    );
  });

  it('brings any file over any bad network, with any options', () => {
    const options = fc.record({
      blksize: fc.integer({ min: 8, max: 2000 }),
      windowsize: fc.integer({ min: 1, max: 100 }),
      size: fc.nat(30_000),
      seed: fc.nat(),
      lost: fc.double({ min: 0, max: 0.2, noNaN: true }),
      doubled: fc.double({ min: 0, max: 0.1, noNaN: true }),
    });
    fc.assert(
      fc.property(options, ({ blksize, windowsize, size, seed, lost, doubled }) => {
        const random = seededFractions(seed);
        const data = Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >>> 8)) & 0xff));
        const asked = [
          { name: 'blksize', value: String(blksize) },
          { name: 'windowsize', value: String(windowsize) },
        ];
        const outcome = runTransfer({
          data,
          options: asked,
          lost: () => random() < lost,
          doubled: () => random() < doubled,
        });
        expect(outcome.end?.kind).toBe('served');
        expect(outcome.received.equals(data)).toBe(true);
      }),
      { numRuns: 300, seed: 4711 },
    );
  });
});
