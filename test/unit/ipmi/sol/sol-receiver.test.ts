import { describe, expect, test } from 'vitest';
import {
  newSolReceiver,
  receiveSolPacket,
  type SolReceiver,
  type SolReport,
} from '../../../../src/drivers/bmc/ipmi/sol/sol-receiver.ts';
import { EMPTY_CONTROLLER_PACKET, type SolControllerPacket } from '../../../../src/protocols/ipmi/sol/sol-packet.ts';

type Step = readonly [sequence: number, text: string, flags?: Partial<SolControllerPacket>];

/** Receives the steps in order; what came out as text with marks, and the acknowledgements as `number:count`. */
function receive(...steps: readonly Step[]): { readonly out: string; readonly acks: readonly string[] } {
  let receiver: SolReceiver = newSolReceiver;
  let out = '';
  const acks: string[] = [];
  for (const [sequence, text, flags] of steps) {
    const packet = { ...EMPTY_CONTROLLER_PACKET, sequence, characters: Buffer.from(text, 'latin1'), ...flags };
    const reception = receiveSolPacket(receiver, packet);
    receiver = reception.receiver;
    out += reception.reports.map(markOf).join('');
    const ack = reception.acknowledge;
    acks.push(ack ? `${ack.sequence}:${ack.acceptedCharacters}` : '-');
  }
  return { out, acks };
}

function markOf(report: SolReport): string {
  return report.kind === 'output' ? report.bytes.toString('latin1') : `[${report.kind}]`;
}

describe('SOL receiver', () => {
  test('delivers packets in order and acknowledges all of each', () => {
    expect(receive([1, 'ab'], [2, 'cde'])).toEqual({ out: 'abcde', acks: ['1:2', '2:3'] });
  });

  test('a repeated packet is acknowledged again and not delivered again', () => {
    expect(receive([1, 'ab'], [1, 'ab'], [2, 'c'])).toEqual({ out: 'abc', acks: ['1:2', '1:2', '2:1'] });
  });

  test('a repeated packet with more brings the rest alone, whole, and is acknowledged in full', () => {
    const text = 'abcdefgh';
    expect(receive([1, 'abcd'], [1, text], [1, `${text}ij`], [2, 'k'])).toEqual({
      out: 'abcdefghijk',
      acks: ['1:4', '1:8', '1:10', '2:1'],
    });
  });

  test('a repeated packet with less brings nothing', () => {
    expect(receive([1, 'abcd'], [1, 'ab'], [1, 'abcde'])).toEqual({ out: 'abcde', acks: ['1:4', '1:2', '1:5'] });
  });

  test('numbers go on at 1 after 15', () => {
    expect(receive([14, 'a'], [15, 'b'], [1, 'c']).out).toBe('abc');
  });

  test('the first packet may have any number: boards go on counting from the activation before', () => {
    expect(receive([9, 'a'], [10, 'b']).out).toBe('ab');
  });

  test('skipped numbers are acknowledged and marked', () => {
    expect(receive([1, 'a'], [3, 'c'], [4, 'd'])).toEqual({ out: 'a[lost]cd', acks: ['1:1', '3:1', '4:1'] });
  });

  test('an old packet that comes late is acknowledged and nothing else', () => {
    expect(receive([1, 'a'], [2, 'b'], [1, 'a'], [3, 'c'])).toEqual({ out: 'abc', acks: ['1:1', '2:1', '1:1', '3:1'] });
  });

  test('an old, shorter copy that comes late is known too', () => {
    expect(receive([1, 'ab'], [1, 'abc'], [2, 'd'], [1, 'ab'], [3, 'e']).out).toBe('abcde');
  });

  test('a controller that counts from 1 again is heard, with a mark', () => {
    expect(receive([1, 'a'], [2, 'b'], [3, 'c'], [1, 'x'], [2, 'y']).out).toBe('abc[lost]xy');
  });

  test('other contents under the same number are heard, with a mark', () => {
    expect(receive([1, 'abc'], [1, 'xyz'])).toEqual({ out: 'abc[lost]xyz', acks: ['1:3', '1:3'] });
  });

  test('an overrun is marked before the characters, once for all copies', () => {
    expect(receive([1, 'a'], [2, 'b', { overrun: true }], [2, 'bc', { overrun: true }]).out).toBe('a[lost]bc');
  });

  test('a break is told once for all copies', () => {
    expect(receive([1, '', { breakDetected: true }], [1, '', { breakDetected: true }])).toEqual({
      out: '[break]',
      acks: ['1:0', '1:0'],
    });
  });

  test('an informational packet wants no acknowledgement', () => {
    expect(receive([0, ''], [1, 'a'], [0, ''])).toEqual({ out: 'a', acks: ['-', '1:1', '-'] });
  });

  test('what is remembered is a copy: datagrams may be used again', () => {
    const bytes = Buffer.from('abcd');
    const first = receiveSolPacket(newSolReceiver, { ...EMPTY_CONTROLLER_PACKET, sequence: 1, characters: bytes });
    bytes.fill(0);
    const again = { ...EMPTY_CONTROLLER_PACKET, sequence: 1, characters: Buffer.from('abcdef') };
    expect(receiveSolPacket(first.receiver, again).reports).toEqual([{ kind: 'output', bytes: Buffer.from('ef') }]);
  });
});
