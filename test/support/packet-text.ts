import { decodePxeVendorOptions } from '../../src/protocols/pxe/vendor-options.ts';

/**
 * A DHCP message as text for people, with every byte of it in hexadecimal: the header field by field, then an option a line. Runs of
 * zeros are counted, so that two texts are equal only when the messages are.
 */
export function packetText(message: Buffer): string {
  let at = 0;
  const lines: string[] = [];
  const field = (name: string, length: number, say: (data: Buffer) => string = () => ''): void => {
    const data = message.subarray(at, at + length);
    at += length;
    lines.push(`${name.padEnd(8)} ${hex(data)}${comment(say(data))}`);
  };
  for (const name of ['op', 'htype', 'hlen', 'hops']) field(name, 1);
  for (const [name, length] of [
    ['xid', 4],
    ['secs', 2],
    ['flags', 2],
  ] as const)
    field(name, length);
  for (const name of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr']) field(name, 4, address);
  field('chaddr', 16);
  field('sname', 64, text);
  field('file', 128, text);
  field('cookie', 4);
  while (at < message.length && message[at] !== 255) {
    const code = message[at] ?? 0;
    const length = code === 0 ? 1 : 2 + (message[at + 1] ?? 0);
    field(`opt ${code}`, length, (data) => optionText(code, data.subarray(2)));
  }
  field('end', 1);
  field('rest', message.length - at);
  return `${lines.join('\n')}\n`;
}

function hex(data: Buffer): string {
  const end = data.findLastIndex((byte) => byte !== 0) + 1;
  const zeros = data.length - end;
  const head = (data.toString('hex', 0, zeros > 4 ? end : data.length).match(/../g) ?? []).join(' ');
  return zeros > 4 ? `${head}${head === '' ? '' : ' '}00×${zeros}` : head;
}

function comment(words: string): string {
  return words === '' ? '' : `   # ${words}`;
}

const address = (data: Buffer): string => [...data].join('.');
const text = (data: Buffer): string => data.toString('latin1').replace(/\0+$/, '');

function optionText(code: number, data: Buffer): string {
  if ([1, 3, 6, 50, 54].includes(code)) return address(data);
  if (code === 13) return `${data.readUInt16BE() * 512} bytes at most`;
  if ([51, 58, 59].includes(code)) return `${data.readUInt32BE()} s`;
  if (code === 53)
    return ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak', 'release', 'inform'][data[0] ?? 0] ?? '';
  if (code === 60 || code === 66 || code === 67) return JSON.stringify(data.toString('latin1'));
  if (code !== 43) return '';
  return [...decodePxeVendorOptions(data)]
    .map(
      ([sub, value]) =>
        `${sub}: ${sub === 9 || sub === 10 ? JSON.stringify(value.toString('latin1')) : value.toString('hex')}`,
    )
    .join(', ');
}
