import { describe, expect, it } from 'vitest';
import { servedScripts } from '../../../src/netboot/assets/served-scripts.ts';
import { addBootOptions, headerFile } from '../../../src/netboot/dhcp/boot-options.ts';
import { type BootWord, bootWordOf } from '../../../src/netboot/dhcp/boot-word.ts';
import { type UnderstoodRequest, understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { type DhcpMessage, encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { clientMessage } from '../../../src/simulator/pxe-client/messages.ts';
import { loaderNames } from '../../support/loader-names.ts';

const SERVER = '10.77.0.1';
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const identity = { mac: '52:54:00:77:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const discover = clientMessage(fixed, identity, { type: 'discover', speaker: 'firmware' });
const silent: DhcpMessage = { ...discover, options: new Map([...discover.options].filter(([code]) => code !== 55)) };

function optionsOf(boot: BootWord, request = discover, echo = false): Record<number, string> {
  const options = new Map<number, Buffer>();
  addBootOptions(options, request, SERVER, boot, echo);
  return Object.fromEntries([...options].map(([code, value]) => [code, value.toString('latin1')]));
}
const file = (name: string, bytes?: number): BootWord => ({
  kind: 'file',
  vendorClass: 'PXEClient',
  file: name,
  ...(bytes === undefined ? {} : { bytes }),
});

describe('boot options', () => {
  it('66, 67 and 13 go to those who ask', () => {
    expect(Object.keys(optionsOf(file('ipxe.efi', 1000)))).toEqual(['13', '43', '60', '66', '67']);
    expect(Object.keys(optionsOf(file('ipxe.efi', 1000), silent))).toEqual(['43', '60']);
  });

  it.each([
    [127, 127, undefined],
    [128, 0, 128],
    [254, 0, 254],
    [255, 0, undefined],
  ])('a name of %i characters: %i in the header, %s in option 67', (length, inHeader, inOption) => {
    const word = file('x'.repeat(length));
    expect(headerFile(word).length).toBe(inHeader);
    const option = optionsOf(word, silent)[67];
    expect(option?.length).toBe(inOption === undefined ? undefined : inOption + 1);
    if (option !== undefined) expect(option.endsWith('\0')).toBe(true);
  });

  it.each([
    [1, '\0\x01'],
    [512, '\0\x01'],
    [513, '\0\x02'],
    [850_528, '\x06\x7e'],
    [0xffff * 512, '\xff\xff'],
    [0xffff * 512 + 1, undefined],
    [0, undefined],
  ])('a loader of %i bytes has option 13 %j', (bytes, expected) => {
    expect(optionsOf(file('x', bytes))[13]).toBe(expected);
  });

  it('an HTTP client gets its URL in option 67, asked for or not, and neither 43 nor 66', () => {
    const url: BootWord = { kind: 'url', url: 'http://10.77.0.1:8480/loaders/ipxe.efi' };
    const expected = { 60: 'HTTPClient', 67: 'http://10.77.0.1:8480/loaders/ipxe.efi\0' };
    expect(optionsOf(url)).toEqual(expected);
    expect(optionsOf(url, silent)).toEqual(expected);
  });

  it('a boot item of more than four bytes does not come back', () => {
    const asking = (item: string): DhcpMessage => ({
      ...discover,
      options: new Map(discover.options).set(43, Buffer.from(item, 'hex')),
    });
    expect(optionsOf(file('x'), asking('470480010000ff'), true)[43]).toBe('\x06\x01\x08\x47\x04\x80\x01\0\0\xff');
    expect(optionsOf(file('x'), asking(`47c8${'11'.repeat(200)}ff`), true)[43]).toBe('\x06\x01\x08\xff');
    expect(optionsOf(file('x'), asking('470480010000ff'), false)[43]).toBe('\x06\x01\x08\xff');
  });
});

describe('boot words', () => {
  const loaders = loaderNames({ 7: ['ipxe.efi'] });
  const parts = {
    request: { channel: 'dhcp', client: 'pxe', loader: 'firmware', board: null },
    vendorClass: 'PXEClient',
    firmware: { noBypass: true },
    loaders,
    baseUrl: `http://${SERVER}:8480`,
  } as const;
  const attempt = { token: 'a'.repeat(32) } as never;
  const loader = {
    kind: 'loader',
    name: 'ipxe.efi',
    by: 'tftp',
    architecture: 7,
    replaces: false,
    insteadOf: null,
    attempt,
  } as const;

  it('spare firmware the file on port 67 only, and iPXE never', () => {
    expect(bootWordOf(loader, parts)?.kind).toBe('boot-server');
    expect(bootWordOf(loader, { ...parts, request: { ...parts.request, channel: 'proxy' } })?.kind).toBe('file');
    expect(bootWordOf(loader, { ...parts, request: { ...parts.request, loader: 'ipxe' } })?.kind).toBe('file');
    expect(bootWordOf({ kind: 'script', attempt }, parts)?.kind).toBe('file');
  });

  it('are URLs over IPv6, whoever asks, and name what is served', () => {
    const over = (client: 'pxe' | 'http', loader: 'firmware' | 'ipxe') => ({
      ...parts,
      request: { channel: 'dhcpv6' as const, client, loader, board: null },
    });
    const base = parts.baseUrl;
    const stop = { kind: 'stop', why: 'hop-limit', attempt } as const;
    expect(bootWordOf(loader, over('http', 'firmware'))).toEqual({ kind: 'url', url: `${base}/loaders/ipxe.efi` });
    expect(bootWordOf({ kind: 'script', attempt }, over('pxe', 'ipxe'))).toEqual({
      kind: 'url',
      url: `${base}/boot/${'a'.repeat(32)}/script.ipxe`,
    });
    expect(bootWordOf(stop, over('pxe', 'ipxe'))).toEqual({ kind: 'url', url: `${base}/loaders/stop-hop-limit.ipxe` });
    expect(servedScripts(false).has('stop-hop-limit.ipxe')).toBe(true);
    expect(bootWordOf(stop, over('http', 'firmware'))).toBeUndefined();
    expect(bootWordOf({ kind: 'lease', why: 'not-armed' }, over('http', 'firmware'))).toBeUndefined();
  });

  it('have nothing for a stop of UEFI HTTP boot: it cannot show a text', () => {
    const stop = { kind: 'stop', why: 'hop-limit', attempt } as const;
    expect(bootWordOf(stop, parts)?.kind).toBe('message');
    expect(bootWordOf(stop, { ...parts, request: { ...parts.request, client: 'http' } })).toBeUndefined();
  });
});

describe('a request is understood', () => {
  const heard = (changes: Readonly<Record<number, Buffer | undefined>>, speaker: 'firmware' | 'ipxe' = 'firmware') => {
    const message = clientMessage(fixed, identity, { type: 'discover', speaker });
    const options = new Map(message.options);
    for (const [code, value] of Object.entries(changes)) {
      if (value === undefined) options.delete(Number(code));
      else options.set(Number(code), value);
    }
    return understandDhcp(encodeDhcpMessage({ ...message, options })) as UnderstoodRequest;
  };
  it('without options 94 and 97', () => {
    const request = heard({ 94: undefined, 97: undefined });
    expect(request.client).toMatchObject({ client: 'pxe', architectures: [7] });
    expect(request.uuids).toEqual([]);
  });
  it('with a fake UUID, as one without', () => {
    expect(heard({ 97: Buffer.from('0003000200040005000006000700080009', 'hex') }).uuids).toEqual([]);
    expect(heard({}).uuids[0]).toBe(identity.uuid);
  });
  it.each([
    ['option 175 alone', { 77: undefined }],
    ['a user class alone', { 175: undefined }],
    ['a framed user class', { 77: Buffer.from('\x04iPXE', 'latin1'), 175: undefined }],
    ['one of several user classes', { 77: Buffer.from('\x03abc\x04iPXE', 'latin1'), 175: undefined }],
  ])('as iPXE by %s', (_name, changes) => {
    expect(heard(changes, 'ipxe').client.loader).toBe('ipxe');
  });
  it('not as iPXE by another user class', () => {
    expect(heard({ 77: Buffer.from('gPXE') }).client.loader).toBe('firmware');
  });
});
