import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/foundation/errors.ts';
import { kernelCommandLine, parseBootspec } from '../../../src/protocols/bootspec/boot-json.ts';
import { formatIpv4, parseIpv4, parseMac } from '../../../src/protocols/dhcp/ipv4.ts';
import {
  decodeDhcpMessage,
  describeDhcpMessage,
  encodeDhcpMessage,
  macOf,
  messageTypeOf,
} from '../../../src/protocols/dhcp/message.ts';
import { addressesOption, addressOption, textOption, u8Option } from '../../../src/protocols/dhcp/option-values.ts';
import { decodeDhcpOptions } from '../../../src/protocols/dhcp/options.ts';
import { planOf } from '../../../src/protocols/ipxe/boot-plan.ts';
import { decodeIpxeOptions, ipxeFeatures } from '../../../src/protocols/ipxe/encapsulated-options.ts';
import { formatIpxeScript, type IpxeBootScript, parseIpxeScript } from '../../../src/protocols/ipxe/script.ts';
import { pxeClientOf } from '../../../src/protocols/pxe/client.ts';
import { formatMachineIdentifier, parseMachineIdentifier } from '../../../src/protocols/pxe/machine-identifier.ts';
import { formatUserClasses, parseUserClasses } from '../../../src/protocols/pxe/user-class.ts';
import { decodeTftpPacket, encodeTftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { clientMessage } from '../../../src/simulator/pxe-client/messages.ts';

const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const identity = { mac: '52:54:00:77:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const discover = clientMessage(fixed, identity, { type: 'discover', speaker: 'ipxe' });

/** A message by hand: header with the given fields zero, cookie, then this options field. */
function rawMessage(options: string, { sname = '', file = '' } = {}): Buffer {
  const header = Buffer.alloc(240);
  header.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  parseMac(identity.mac).copy(header, 28);
  Buffer.from(sname, 'hex').copy(header, 44);
  Buffer.from(file, 'hex').copy(header, 108);
  header.writeUInt32BE(0x63825363, 236);
  return Buffer.concat([header, Buffer.from(options, 'hex')]);
}

describe('DHCP message', () => {
  it('reads fields where RFC 2131 has them', () => {
    const message = decodeDhcpMessage(rawMessage('350101ff', { file: Buffer.from('old.rom').toString('hex') }));
    expect(message).toMatchObject({
      op: 1,
      htype: 1,
      hlen: 6,
      xid: 0xdeadbeef,
      ciaddr: '0.0.0.0',
      file: 'old.rom',
      sname: '',
    });
    expect([macOf(message), messageTypeOf(message)]).toEqual([identity.mac, 'discover']);
    expect(describeDhcpMessage(message)).toContain('discover xid 0xdeadbeef 52:54:00:77:00:01');
  });
  it.each([
    ['six bytes that the card made itself', [32, 6], '0202c91e2f31', '', '02:02:c9:1e:2f:31'],
    ['the GUID of its port', [32, 8], '0002c903001e2f31', '', '00:02:c9:1e:2f:31'],
    [
      'option 61 alone, the hardware type before',
      [32, 0],
      '',
      '20800002080000000000000000fe8002c903001e2f31',
      '80:02:c9:1e:2f:31',
    ],
    [
      'option 61 beside a length that chaddr does not hold',
      [32, 20],
      '8000',
      'ff000102030003002002c903001e2f31',
      '20:02:c9:1e:2f:31',
    ],
    ['nothing', [32, 0], '', '', undefined],
    ['an identifier that is no address', [32, 0], '', '00686f73746e616d65', undefined],
    ['a length that Ethernet has not', [1, 8], '0002c903001e2f31', '', undefined],
    ['hardware that is neither', [24, 8], '0002c903001e2f31', '', undefined],
  ])('knows a card for Infiniband by %s', (_name, [htype = 0, hlen = 0], chaddr, identifier, mac) => {
    const options = identifier === '' ? '' : `3d${(identifier.length / 2).toString(16).padStart(2, '0')}${identifier}`;
    const data = rawMessage(`350101${options}ff`);
    data.set([htype, hlen], 1);
    data.fill(0, 28, 44).set(Buffer.from(chaddr, 'hex'), 28);
    expect(macOf(decodeDhcpMessage(data))).toBe(mac);
  });
  it('joins instances of one option (RFC 3396) and splits what is long', () => {
    const options = decodeDhcpOptions(Buffer.from('3c03505845000c01613c02436cff', 'hex'));
    expect([...options.keys()]).toEqual([60, 12]);
    expect(textOption(options, 60)).toBe('PXECl');
    const long = { ...discover, options: new Map([[43, Buffer.alloc(600, 9)]]) };
    expect(decodeDhcpMessage(encodeDhcpMessage(long)).options.get(43)).toEqual(Buffer.alloc(600, 9));
  });
  it('reads overloaded file and sname, file first (RFC 3396 §5)', () => {
    const message = decodeDhcpMessage(rawMessage('340103350103ff', { file: '3c02504cff', sname: '3c0145ff' }));
    expect(textOption(message.options, 60)).toBe('PLE');
    expect([message.file, message.sname]).toEqual(['', '']);
  });
  it('accepts a field without an end option, and padding', () => {
    expect(messageTypeOf(decodeDhcpMessage(rawMessage('0000350103')))).toBe('request');
  });
  it('names no MAC for other hardware', () => {
    const bytes = rawMessage('350101ff');
    bytes[1] = 24;
    expect(macOf(decodeDhcpMessage(bytes))).toBeUndefined();
  });
  it.each([
    ['short', Buffer.alloc(100), /needs/],
    ['without cookie', Buffer.alloc(300), /magic cookie/],
    ['option past the end', rawMessage('3504ff'), /option 53: needs 4 bytes/],
    ['hlen over chaddr', Buffer.concat([Buffer.from([1, 1, 17]), rawMessage('ff').subarray(3)]), /hlen/],
  ])('refuses one that is %s', (_name, bytes, text) => {
    expect(() => decodeDhcpMessage(bytes)).toThrow(DecodeError);
    expect(() => decodeDhcpMessage(bytes)).toThrow(text);
  });
  it('tells a wrong length from an absent option', () => {
    const options = new Map([
      [53, Buffer.alloc(2)],
      [54, Buffer.alloc(3)],
      [6, Buffer.alloc(5)],
    ]);
    expect(() => u8Option(options, 53)).toThrow(DecodeError);
    expect(() => addressOption(options, 54)).toThrow(DecodeError);
    expect(() => addressesOption(options, 6)).toThrow(DecodeError);
    expect(u8Option(options, 52)).toBeUndefined();
  });
  it.each(['1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '', 'a.b.c.d'])('%j is no address', (text) => {
    expect(() => parseIpv4(text)).toThrow(DecodeError);
  });
  it('writes addresses', () => {
    expect(formatIpv4(parseIpv4('10.77.0.255'))).toBe('10.77.0.255');
  });
});

describe('PXE client', () => {
  it('is read from vendor class, architecture and user class', () => {
    expect(pxeClientOf(discover.options)).toEqual({
      kind: 'pxe',
      vendorClass: 'PXEClient',
      architectures: [7],
      userClasses: ['iPXE'],
    });
    const http = new Map([[60, Buffer.from('HTTPClient:Arch:00016:UNDI:003001')]]);
    expect(pxeClientOf(http)).toEqual({
      kind: 'http',
      vendorClass: 'HTTPClient',
      architectures: [16],
      userClasses: [],
    });
    expect(pxeClientOf(new Map())).toEqual({
      kind: 'other',
      vendorClass: 'PXEClient',
      architectures: [],
      userClasses: [],
    });
  });
  it.each([
    ['69505845', ['iPXE']],
    ['0469505845', ['iPXE']],
    ['0469505845036e6574', ['iPXE', 'net']],
    ['056950', ['\x05iP']],
  ])('user class %s', (hex, classes) => {
    expect(parseUserClasses(Buffer.from(hex, 'hex'))).toEqual(classes);
  });
  it('frames user classes', () => {
    expect(formatUserClasses(['iPXE', 'net']).toString('hex')).toBe('0469505845036e6574');
    expect(() => formatUserClasses([''])).toThrow(RangeError);
  });
  it('swaps the first three fields of a machine identifier', () => {
    const bytes = Buffer.from('0044454c4c3300104a8052b4c04f4d3432', 'hex');
    expect(parseMachineIdentifier(bytes)).toBe(identity.uuid);
    expect(formatMachineIdentifier(identity.uuid)).toEqual(bytes);
    expect(() => parseMachineIdentifier(bytes.subarray(1))).toThrow(DecodeError);
  });
  it('reads what iPXE can', () => {
    expect(ipxeFeatures(decodeIpxeOptions(Buffer.from('130101180101', 'hex')))).toEqual({ http: true, kernel: true });
    expect(ipxeFeatures(decodeIpxeOptions(Buffer.from('130100', 'hex')))).toEqual({ http: false, kernel: false });
  });
});

describe('TFTP packet', () => {
  it('reads the request EDK2 sends', () => {
    const bytes = Buffer.from('\0\x01ipxe.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0', 'latin1');
    expect(decodeTftpPacket(bytes)).toEqual({
      kind: 'rrq',
      filename: 'ipxe.efi',
      mode: 'octet',
      options: [
        { name: 'tsize', value: '0' },
        { name: 'blksize', value: '1468' },
        { name: 'windowsize', value: '4' },
      ],
    });
    expect(encodeTftpPacket(decodeTftpPacket(bytes))).toEqual(bytes);
  });
  it('takes any case of the mode, padding after the request, and an ERROR without NUL', () => {
    expect(decodeTftpPacket(Buffer.from('\0\x01a\0OCTET\0\0\0\0', 'latin1'))).toMatchObject({
      mode: 'octet',
      options: [],
    });
    expect(decodeTftpPacket(Buffer.from('\0\x05\0\x01gone', 'latin1'))).toEqual({
      kind: 'error',
      code: 1,
      message: 'gone',
    });
  });
  it.each([
    ['nothing', ''],
    ['one byte', '\0'],
    ['an unknown opcode', '\0\x09'],
    ['a request without mode', '\0\x01name\0'],
    ['a request without its last NUL', '\0\x01name\0octet'],
    ['an option without value', '\0\x01n\0octet\0tsize\0'],
    ['an ACK without block', '\0\x04\0'],
    ['a request over 512 bytes', `\0\x01${'a'.repeat(600)}\0octet\0`],
  ])('refuses %s', (_name, text) => {
    expect(() => decodeTftpPacket(Buffer.from(text, 'latin1'))).toThrow(DecodeError);
  });
});

describe('iPXE script', () => {
  const script: IpxeBootScript = {
    banner: ['booting m1'],
    kernel: { url: 'http://10.0.0.1/k', commandLine: 'init=/nix/store/x/init root=LABEL="a b"' },
    initrds: [
      { url: 'http://10.0.0.1/i/0', name: 'initrd0' },
      { url: 'http://10.0.0.1/i/1', name: 'initrd1' },
    ],
    onFailure: { message: 'it failed', waitSeconds: 10, next: 'exit' },
  };
  it('names the initrds to the kernel, as EFI needs, and says what to do on failure', () => {
    expect(formatIpxeScript(script)).toBe(
      [
        '#!ipxe',
        'echo booting m1',
        'kernel http://10.0.0.1/k initrd=initrd0 initrd=initrd1 init=/nix/store/x/init root=LABEL="a b" || goto failed',
        'initrd --name initrd0 http://10.0.0.1/i/0 || goto failed',
        'initrd --name initrd1 http://10.0.0.1/i/1 || goto failed',
        'boot || goto failed',
        ':failed',
        'echo it failed',
        'sleep 10',
        'exit 1',
        '',
      ].join('\n'),
    );
    expect(formatIpxeScript({ ...script, onFailure: { ...script.onFailure, next: 'reboot' } })).toMatch(/\nreboot\n$/);
  });
  it('reads its own scripts', () => {
    expect(planOf(parseIpxeScript(formatIpxeScript(script)))).toEqual({
      kernelUrl: 'http://10.0.0.1/k',
      commandLine: 'initrd=initrd0 initrd=initrd1 init=/nix/store/x/init root=LABEL="a b"',
      initrds: [
        { name: 'initrd0', url: 'http://10.0.0.1/i/0' },
        { name: 'initrd1', url: 'http://10.0.0.1/i/1' },
      ],
    });
  });
  it.each(['a\nboot', 'a\0b', 'a\x1bb', `a ${'$'}{net0/mac}`, 'a || reboot', 'a && b', 'a ; b', 'a #b', 'a\u007f'])(
    'refuses the command line %j',
    (commandLine) => {
      expect(() => formatIpxeScript({ ...script, kernel: { ...script.kernel, commandLine } })).toThrow(
        /kernel command line/,
      );
    },
  );
  it.each(['a;b', 'a#b', 'a||b', '$x', 'a="b;c"', 'ümlaut'])('passes %j, which iPXE leaves alone', (commandLine) => {
    expect(formatIpxeScript({ ...script, kernel: { ...script.kernel, commandLine } })).toContain(` ${commandLine} ||`);
  });
  it('refuses a URL of two words', () => {
    expect(() => formatIpxeScript({ ...script, kernel: { ...script.kernel, url: 'http://a/ b' } })).toThrow(/one word/);
  });
  it.each(['', '#!ipx\nboot', 'kernel a\nboot'])('is no script: %j', (text) => {
    expect(() => parseIpxeScript(text)).toThrow(DecodeError);
  });
  it('without kernel or boot comes to nothing', () => {
    expect(() => planOf(parseIpxeScript('#!ipxe\nboot'))).toThrow(/without a kernel/);
    expect(() => planOf(parseIpxeScript('#!ipxe\nkernel a'))).toThrow(/no boot/);
  });
});

describe('bootspec', () => {
  const generation = {
    system: 'x86_64-linux',
    label: 'NixOS 24.05',
    kernel: '/nix/store/k/bzImage',
    kernelParams: ['loglevel=4', 'quiet'],
    init: '/nix/store/t/init',
    initrd: '/nix/store/i/initrd',
    initrdSecrets: null,
    toplevel: '/nix/store/t',
  };
  const document = {
    'org.nixos.bootspec.v1': generation,
    'org.nixos.specialisation.v1': { debug: { 'org.nixos.bootspec.v1': { ...generation, kernelParams: ['debug'] } } },
  };
  it('reads a generation with its specialisations', () => {
    const spec = parseBootspec(JSON.stringify(document));
    expect(spec).toMatchObject({
      kernel: '/nix/store/k/bzImage',
      initrd: '/nix/store/i/initrd',
      toplevel: '/nix/store/t',
    });
    expect(spec).not.toHaveProperty('initrdSecrets');
    expect(spec.specialisations.debug?.kernelParams).toEqual(['debug']);
    expect(kernelCommandLine(spec)).toBe('init=/nix/store/t/init loglevel=4 quiet');
  });
  it.each([
    ['no JSON', '{', /not JSON/],
    [
      'another version',
      '{"org.nixos.bootspec.v2":{}}',
      /no "org.nixos.bootspec.v1"; its keys are org.nixos.bootspec.v2/,
    ],
    [
      'a missing field',
      JSON.stringify({ 'org.nixos.bootspec.v1': { ...generation, init: undefined } }),
      /init is missing/,
    ],
    [
      'wrong parameters',
      JSON.stringify({ 'org.nixos.bootspec.v1': { ...generation, kernelParams: 'quiet' } }),
      /kernelParams/,
    ],
    ['a list', '[]', /not an object/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseBootspec(text)).toThrow(DecodeError);
    expect(() => parseBootspec(text)).toThrow(message);
  });
});
