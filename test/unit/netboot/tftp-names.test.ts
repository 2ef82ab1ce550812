import { describe, expect, it } from 'vitest';
import { firstOf, listedFiles, type TftpFiles } from '../../../src/netboot/tftp/files.ts';
import { findFile } from '../../../src/netboot/tftp/names.ts';

const peer = { address: '10.0.0.7', port: 2070 };
const file = (name: string) => ({ name, data: Buffer.from(name) });
const list = (...names: readonly string[]) => listedFiles(new Map(names.map((name) => [name, file(name)])));
const files = list('ipxe.efi', 'grubx64.efi', 'revocations.efi', 'grub/x86_64-efi/normal.mod', 'start4.elf');

const found = async (name: string, from: TftpFiles = files): Promise<string> => {
  const lookup = await findFile(name, from, peer);
  return lookup.kind === 'found' ? lookup.file.name : lookup.kind;
};

describe('names', () => {
  it.each([
    ['ipxe.efi', 'ipxe.efi'],
    ['/ipxe.efi', 'ipxe.efi'],
    ['//ipxe.efi', 'ipxe.efi'],
    ['\\ipxe.efi', 'ipxe.efi'],
    ['boot\\x\\IPXE.EFI', 'ipxe.efi'],
    ['./ipxe.efi', 'ipxe.efi'],
    ['/EFI/BOOT//ipxe.efi', 'ipxe.efi'],
    // Lenovo T460, from option 67 with its end byte; netbootxyz/netboot.xyz#1198
    ['ipxe.efi\u00ff', 'ipxe.efi'],
    ['ipxe.efi\n', 'ipxe.efi'],
    // shim 15.8 on Dell Latitude 5300; rhboot/shim#649
    ['oader/revocations.efi', 'revocations.efi'],
    ['/\u0001grubx64.efi', 'grubx64.efi'],
    ['GRUB/x86_64-efi/Normal.mod', 'grub/x86_64-efi/normal.mod'],
    ['boot/grub/x86_64-efi/normal.mod', 'grub/x86_64-efi/normal.mod'],
    // A Raspberry Pi asks below its serial number first.
    ['dc2e8a3f/start4.elf', 'start4.elf'],
  ])('%j is %s', async (name, expected) => expect(await found(name)).toBe(expected));

  it.each([
    '',
    '/',
    'ipxe.efi2',
    'etc/passwd',
    '/etc/passwd',
    'autoexec.ipxe',
    '...',
    'constructor',
    '__proto__',
    'loader/?USB',
  ])('has no %s', async (name) => expect(await found(name)).toBe('missing'));

  it.each([
    '../ipxe.efi',
    '/../../etc/passwd',
    '..\\..\\ipxe.efi',
    'a/../ipxe.efi',
    '..',
    '.\u0001./ipxe.efi',
    ' .. /x',
  ])('refuses %j', async (name) => expect(await found(name)).toBe('forbidden'));

  it.each(['command', 'fs', 'crypto', 'terminal'])("answers GRUB's %s.lst empty where there is none", async (list_) => {
    const lookup = await findFile(`/EFI/BOOT/x86_64-efi/${list_}.lst`, files, peer);
    expect(lookup).toEqual({ kind: 'found', file: { name: `${list_}.lst`, data: Buffer.alloc(0) } });
    expect(await found('other.lst')).toBe('missing');
  });
  it("serves GRUB's own list where there is one", async () => {
    expect(await found('x/fs.lst', list('grub/fs.lst'))).toBe('grub/fs.lst');
  });
});

describe('files made for a machine', () => {
  const own: TftpFiles = {
    async find(name, { address }) {
      return name === 'autoexec.ipxe' ? { name, data: Buffer.from(`#!ipxe\necho ${address}\n`) } : undefined;
    },
  };
  it('are asked by name and peer, before the list', async () => {
    const both = firstOf(own, list('autoexec.ipxe', 'ipxe.efi'));
    const lookup = await findFile('/x/autoexec.ipxe', both, peer);
    expect(lookup.kind === 'found' && lookup.file.data.toString()).toBe('#!ipxe\necho 10.0.0.7\n');
    expect(await found('ipxe.efi', both)).toBe('ipxe.efi');
    expect(await found('none', both)).toBe('missing');
  });
});
