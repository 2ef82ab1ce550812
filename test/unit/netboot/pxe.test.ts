import { describe, expect, it } from 'vitest';
import { type UnderstoodRequest, understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { ARCHITECTURES, architectureName, architectureOf } from '../../../src/protocols/pxe/architecture.ts';
import { messageVendorOptions, parseBootMenu } from '../../../src/protocols/pxe/boot-menu.ts';
import { pxeClientOf } from '../../../src/protocols/pxe/client.ts';
import { formatMachineIdentifier, machineIdentifiersOf } from '../../../src/protocols/pxe/machine-identifier.ts';
import { isRaspberryPiRom, raspberryPiVendorOptions } from '../../../src/protocols/pxe/raspberry-pi.ts';
import { decodePxeVendorOptions } from '../../../src/protocols/pxe/vendor-options.ts';
import { clientMessage, type SpeakingClient } from '../../../src/simulator/pxe-client/messages.ts';

const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };

describe('architectures', () => {
  it("are IANA's, each once, 0 to 41", () => {
    expect(ARCHITECTURES.map(({ value }) => value)).toEqual(Array.from({ length: 42 }, (_, value) => value));
    expect(new Set(ARCHITECTURES.map(({ name }) => name)).size).toBe(42);
  });
  it.each([
    [0, 'bios', false],
    [6, 'efi', false],
    [7, 'efi', false],
    [9, 'efi', false],
    [10, 'efi', false],
    [11, 'efi', false],
    [15, 'efi', true],
    [16, 'efi', true],
    [18, 'efi', true],
    [19, 'efi', true],
    [20, 'bios', true],
    [22, 'uboot', false],
    [24, 'uboot', true],
    [41, 'other', false],
  ])('%i is %s, by HTTP: %s', (value, platform, http) => {
    expect(architectureOf(value)).toMatchObject({ platform, http });
  });
  it('have a name even where IANA has none', () => {
    expect(architectureName(2)).toBe('Itanium');
    expect(architectureName(4711)).toBe('architecture 4711');
  });
});

describe('a boot client', () => {
  const client = (changes: Record<number, Buffer | string>) =>
    pxeClientOf(
      new Map(Object.entries(changes).map(([code, value]) => [Number(code), Buffer.from(value as string, 'latin1')])),
    );
  it.each([
    ['PXE', { 60: 'PXEClient:Arch:00007:UNDI:003016', 93: '\0\x07' }, { kind: 'pxe', architectures: [7] }],
    ['by its vendor class alone', { 60: 'PXEClient:Arch:00011:UNDI:003000' }, { kind: 'pxe', architectures: [11] }],
    ['bare, as the first ROMs', { 60: 'PXEClient' }, { kind: 'pxe', architectures: [], vendorClass: 'PXEClient' }],
    ['HTTP boot', { 60: 'HTTPClient:Arch:00016:UNDI:003001', 93: '\0\x10' }, { kind: 'http', architectures: [16] }],
    ['of a maker', { 60: 'HW-Client:Arch:00000:UNDI:002001', 93: '\0\0' }, { kind: 'pxe', vendorClass: 'HW-Client' }],
    ['without option 60, with 93', { 93: '\0\0' }, { kind: 'pxe', architectures: [0], vendorClass: 'PXEClient' }],
    ['several architectures', { 60: 'PXEClient', 93: '\0\x07\0\x09\0\0' }, { kind: 'pxe', architectures: [7, 9, 0] }],
    ['systemd-networkd is none', { 60: 'systemd' }, { kind: 'other', vendorClass: 'PXEClient' }],
    ['a class that only begins alike is none', { 60: 'PXEClientele' }, { kind: 'other' }],
    ['udhcpc is none', { 60: 'udhcp 1.36.1' }, { kind: 'other' }],
    ['framed user class', { 60: 'PXEClient', 77: '\x04iPXE' }, { userClasses: ['iPXE'] }],
    ['raw user class', { 60: 'PXEClient', 77: 'iPXE' }, { userClasses: ['iPXE'] }],
  ])('%s', (_name, options, expected) => {
    expect(client(options)).toMatchObject(expected);
  });
});

describe('option 97', () => {
  it('is read in both byte orders, the specified one first', () => {
    const smbios = formatMachineIdentifier(UUID);
    const other = '44454c4c-3300-104a-8052-b4c04f4d3432';
    expect(machineIdentifiersOf(smbios)).toEqual([UUID, other]);
    const networkOrder = Buffer.concat([Buffer.from([0]), Buffer.from(UUID.replaceAll('-', ''), 'hex')]);
    expect(machineIdentifiersOf(networkOrder)).toContain(UUID);
    expect(machineIdentifiersOf(smbios.subarray(1))).toEqual([UUID, other]);
  });
  it.each([
    ['zeros', '00'.repeat(17)],
    ['ones', `00${'ff'.repeat(16)}`],
    ['counting bytes', '0003000200040005000006000700080009'],
    ['counting bytes, the other way round', '0000020003000400050006000700080009'],
    ['another type', `01${'12'.repeat(16)}`],
    ['too short', '00112233'],
    ['nothing', ''],
  ])('%s identifies no machine', (_name, hex) => {
    expect(machineIdentifiersOf(Buffer.from(hex, 'hex'))).toEqual([]);
  });
});

describe('Raspberry Pi', () => {
  it.each([
    ['2c:cf:67:00:00:01', [0], true],
    ['b8:27:eb:00:00:01', [], true],
    ['dc:a6:32:00:00:01', [11], false],
    ['52:54:00:00:00:01', [0], false],
    ['52:54:00:00:00:01', [41], true],
  ])('%s with architecture %j: %s', (mac, architectures, expected) => {
    expect(isRaspberryPiRom(mac, architectures)).toBe(expected);
  });

  it('finds its text in a menu without padding', () => {
    const data = raspberryPiVendorOptions(8);
    expect(parseBootMenu(data)).toEqual({ prompt: 'PXE', firstType: 0 });
    const codes: number[] = [];
    for (let at = 0; at < data.length; at += 2 + (data[at + 1] ?? 0)) codes.push(data[at] ?? 0);
    expect(codes).toEqual([6, 9, 10, 255]);
    expect(decodePxeVendorOptions(data).get(9)?.subarray(3).toString()).toBe('Raspberry Pi Boot');
  });

  it.each(['discover', 'request'] as const)('is understood by its %s, with and without option 60', (type) => {
    const pi: SpeakingClient = { firmware: 'raspberry-pi', mac: '2c:cf:67:00:00:01', uuid: UUID };
    const sent = encodeDhcpMessage(clientMessage(fixed, pi, { type, speaker: 'firmware' }));
    const { client } = understandDhcp(sent) as UnderstoodRequest;
    expect(client).toMatchObject({ client: 'pxe', board: 'raspberry-pi', loader: 'firmware' });
    const ipxe = encodeDhcpMessage(clientMessage(fixed, pi, { type, speaker: 'ipxe' }));
    expect((understandDhcp(ipxe) as UnderstoodRequest).client).toMatchObject({ board: null, loader: 'ipxe' });
    const system = encodeDhcpMessage(clientMessage(fixed, pi, { type, speaker: 'system' }));
    expect((understandDhcp(system) as UnderstoodRequest).client).toMatchObject({ client: 'other', board: null });
  });
});

describe('a message for the screen', () => {
  it('is a prompt with a time-out and a menu of local boot, cut to what firmware shows', () => {
    const data = messageVendorOptions('x'.repeat(300), 999);
    expect(parseBootMenu(data)).toEqual({ prompt: 'x'.repeat(70), firstType: 0 });
    expect(decodePxeVendorOptions(data).get(10)?.[0]).toBe(254);
    expect((decodePxeVendorOptions(data).get(6)?.[0] ?? 8) & 8).toBe(0);
    expect(data.length).toBeLessThanOrEqual(255);
  });
});
