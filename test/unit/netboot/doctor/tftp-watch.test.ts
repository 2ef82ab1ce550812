import { describe, expect, it } from 'vitest';
import { createTftpWatch } from '../../../../src/netboot/doctor/tftp-watch.ts';
import { encodeTftpPacket, type TftpPacket } from '../../../../src/protocols/tftp/packet.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const PORT = 2070;

function watchRig() {
  const told: string[] = [];
  const last: { blocks?: number; file?: string } = {};
  const watch = createTftpWatch(({ what, blocks, file }) => {
    told.push(what);
    Object.assign(last, { blocks, file });
  });
  const send = (packet: TftpPacket): boolean => watch.packet('out', PORT, encodeTftpPacket(packet));
  const hear = (packet: TftpPacket): boolean => watch.packet('in', PORT, encodeTftpPacket(packet));
  const data = (block: number, length = 1468): boolean =>
    send({ kind: 'data', block: block & 0xffff, data: Buffer.alloc(length) });
  const ack = (block: number): boolean => hear({ kind: 'ack', block: block & 0xffff });
  const oack = (windowsize = 1): boolean =>
    send({
      kind: 'oack',
      options: [
        { name: 'blksize', value: '1468' },
        { name: 'windowsize', value: String(windowsize) },
      ],
    });
  const ask = (): boolean => watch.packet('in', PORT, recorded('ovmf-tftp-read'));
  return { told, last, watch, send, hear, data, ack, oack, ask };
}

describe('TFTP under watch', () => {
  it('of a transfer only its ends are kept, however long it is', () => {
    const { told, last, ask, oack, ack, data } = watchRig();
    const kept = [ask(), oack(), ack(0)].filter(Boolean).length;
    let bulk = 0;
    // Beyond 65535 blocks, where numbers begin anew.
    for (let block = 1; block <= 70_000; block++) bulk += Number(data(block)) + Number(ack(block));
    const end = [data(70_001, 100), ack(70_001)];
    expect([kept, bulk, end]).toEqual([3, 6, [true, true]]);
    expect(told).toEqual(['asked', 'answered', 'served']);
    expect(last).toEqual({ blocks: 70_001, file: 'ipxe.efi' });
  });

  it('of windows likewise', () => {
    const { told, ask, oack, ack, data } = watchRig();
    ask();
    oack(4);
    ack(0);
    for (let block = 1; block <= 40; block += 4) {
      for (const each of [0, 1, 2, 3]) data(block + each, block + each === 40 ? 7 : 1468);
      ack(block + 3);
    }
    expect(told).toEqual(['asked', 'answered', 'served']);
  });

  it("EDK2's size probe is one", () => {
    const { told, watch, oack, hear } = watchRig();
    watch.packet('in', PORT, recorded('ovmf-tftp-probe'));
    oack();
    hear({ kind: 'error', code: 8, message: 'User aborted the transfer' });
    expect(told).toEqual(['asked', 'probed']);
  });

  it('a request that crosses its answer is the same transfer', () => {
    const { told, ask, oack, hear } = watchRig();
    ask();
    oack();
    ask();
    hear({ kind: 'error', code: 0, message: 'TFTP Aborted' });
    expect(told).toEqual(['asked', 'asked', 'probed']);
  });

  it('a block that is sent again and again, with a window counted once', () => {
    const { told, ask, oack, ack, data } = watchRig();
    ask();
    oack(4);
    ack(0);
    for (let again = 0; again < 3; again++) for (const block of [1, 2, 3, 4]) data(block);
    expect(told).toEqual(['asked', 'answered', 'repeated', 'repeated']);
    ack(4);
    expect(told.at(-1)).toBe('moved');
  });

  it('an OACK that is not acknowledged', () => {
    const { told, ask, oack } = watchRig();
    ask();
    for (let again = 0; again < 4; again++) oack();
    expect(told).toEqual(['asked', 'repeated', 'repeated', 'repeated']);
  });

  it('a client that never acknowledges the last block has it', () => {
    const { told, ask, oack, ack, data } = watchRig();
    ask();
    oack();
    ack(0);
    data(1);
    ack(1);
    data(2, 5);
    data(2, 5);
    expect(told).toEqual(['asked', 'answered', 'served']);
    const another = watchRig();
    another.ask();
    another.data(1);
    another.ack(1);
    another.data(2, 5);
    another.watch.done();
    expect(another.told.at(-1)).toBe('served');
  });

  it('what it is refused, and what it breaks off', () => {
    const { told, ask, send } = watchRig();
    ask();
    send({ kind: 'error', code: 1, message: 'no such file' });
    expect(told).toEqual(['asked', 'refused']);
    const broken = watchRig();
    broken.ask();
    broken.data(1, 512);
    broken.ack(1);
    broken.hear({ kind: 'error', code: 3, message: 'disk full' });
    expect(broken.told.at(-1)).toBe('aborted');
  });

  it('packets of another port say nothing of it', () => {
    const { told, watch, ask } = watchRig();
    ask();
    watch.packet('in', PORT + 1, encodeTftpPacket({ kind: 'error', code: 3, message: 'x' }));
    expect(watch.packet('out', PORT + 1, encodeTftpPacket({ kind: 'data', block: 1, data: Buffer.alloc(9) }))).toBe(
      false,
    );
    expect(told).toEqual(['asked']);
  });

  it('repeats are kept up to a number', () => {
    const { ask, oack, ack, data } = watchRig();
    ask();
    oack();
    ack(0);
    data(1);
    expect(Array.from({ length: 100 }, () => data(1)).filter(Boolean).length).toBeLessThan(30);
  });
});
