import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/foundation/errors.ts';
import { parseLoaderMap } from '../../../src/netboot/assets/loader-map.ts';
import { LOADER_MAP, type Loaders, loadLoaders } from '../../../src/netboot/assets/loaders.ts';
import { parseIpxeScript } from '../../../src/protocols/ipxe/script.ts';
import { architectureOf } from '../../../src/protocols/pxe/architecture.ts';

const DEFAULTS = ['undionly.kpxe', 'ipxe.efi', 'snponly.efi'];
const SIGNED = ['shimx64.efi', 'grubx64.efi'];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-loaders-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (...names: readonly string[]): void => {
  for (const name of names) writeFileSync(join(folder, name), `bytes of ${name}`);
};
const lists = ({ names }: Loaders): Record<string, readonly string[]> => Object.fromEntries(names.byArchitecture);

describe('the loader map of this package', () => {
  const rows = parseLoaderMap(readFileSync(LOADER_MAP, 'utf8'));
  it('names known architectures only', () => {
    for (const { architectures } of rows)
      for (const value of architectures) expect(architectureOf(value), String(value)).toBeDefined();
  });
  it('asks of everybody no more than the ipxe package, and for Secure Boot shim and a second stage', () => {
    const needed = rows.filter(({ optional }) => optional !== true);
    expect(needed.filter(({ secureBoot }) => secureBoot !== true).map((row) => [row.file, row.package])).toEqual(
      DEFAULTS.map((file) => [file, 'ipxe']),
    );
    expect(needed.filter(({ secureBoot }) => secureBoot === true).map(({ file }) => file)).toEqual(SIGNED);
  });
});

describe('loaders', () => {
  it('are offered in the order of the map', async () => {
    put(...DEFAULTS, 'snponly-arm64.efi', 'start4.elf', 'config.txt');
    const loaders = await loadLoaders(folder);
    const x64 = ['ipxe.efi', 'snponly.efi'];
    const arm64 = ['snponly-arm64.efi'];
    const bios = ['undionly.kpxe'];
    expect(lists(loaders)).toEqual({
      0: bios,
      20: bios,
      7: x64,
      9: x64,
      16: x64,
      17: x64,
      11: arm64,
      19: arm64,
      22: arm64,
      24: arm64,
      41: ['start4.elf'],
    });
    expect([...loaders.files.keys()]).toEqual(expect.arrayContaining(['config.txt', 'stop-hop-limit.ipxe']));
    expect(loaders.names.sizes.get('ipxe.efi')).toBe('bytes of ipxe.efi'.length);
  });

  it('that are optional may be absent: said once, and why for each architecture', async () => {
    put(...DEFAULTS);
    const said: unknown[] = [];
    const { names } = await loadLoaders(folder, LOADER_MAP, { log: { info: (fields: unknown) => said.push(fields) } });
    expect(names.byArchitecture.has(11)).toBe(false);
    expect(names.missing.get(11)).toMatch(/snponly-arm64\.efi is not there: put snponly-arm64\.efi there/);
    expect(names.missing.get(41)).toMatch(/start4\.elf is not there/);
    expect(names.missing.has(7)).toBe(false);
    expect(names.missing.has(2)).toBe(false);
    expect(said).toContainEqual({ file: 'ipxe-i386.efi', architectures: [6, 15] });
    expect(said).not.toContainEqual(expect.objectContaining({ file: 'config.txt' }));
  });

  it('of a folder that lacks a needed one are refused, naming file and remedy', async () => {
    await expect(loadLoaders(folder)).rejects.toThrow(ConfigError);
    await expect(loadLoaders(folder)).rejects.toThrow(/undionly\.kpxe.*put undionly\.kpxe there/);
  });

  it('that the distribution did not install name its package', async () => {
    const map = join(folder, 'map.json');
    const row = { file: 'x.efi', architectures: [7], source: '/nowhere/x.efi', package: 'ipxe' };
    writeFileSync(map, JSON.stringify({ loaders: [row] }));
    await expect(loadLoaders(undefined, new URL(`file://${map}`))).rejects.toThrow(/install the package "ipxe"/);
  });

  it('come from the map of their own folder where it has one', async () => {
    put('mine.efi');
    writeFileSync(
      join(folder, 'loaders.json'),
      JSON.stringify({ loaders: [{ file: 'mine.efi', architectures: [7] }] }),
    );
    expect(lists(await loadLoaders(folder))).toEqual({ 7: ['mine.efi'] });
    writeFileSync(join(folder, 'loaders.json'), '{');
    await expect(loadLoaders(folder)).rejects.toThrow(/loaders\.json: is not JSON/);
  });
});

describe('Secure Boot', () => {
  it('off: the signed chain is neither needed nor served, and there is no autoexec.ipxe', async () => {
    put(...DEFAULTS, ...SIGNED);
    const { files } = await loadLoaders(folder);
    for (const name of [...SIGNED, 'autoexec.ipxe']) expect(files.has(name), name).toBe(false);
  });

  it('on: UEFI is offered the shim and nothing else, BIOS what it was', async () => {
    put(...DEFAULTS, ...SIGNED, 'snponly-arm64.efi');
    const loaders = await loadLoaders(folder, LOADER_MAP, { secureBoot: 'on' });
    expect(lists(loaders)).toMatchObject({
      0: ['undionly.kpxe'],
      7: ['shimx64.efi'],
      16: ['shimx64.efi'],
      // No signed chain for ARM64 is here: better the unsigned loader than none.
      11: ['snponly-arm64.efi'],
    });
    for (const name of [...SIGNED, ...DEFAULTS]) expect(loaders.files.has(name), name).toBe(true);
    expect(loaders.files.get('grub.cfg')?.data.toString()).toMatch(/^echo [\s\S]*\nexit\n$/);
    expect(loaders.grubByMachine).toBe(true);
    const autoexec = loaders.files.get('autoexec.ipxe')?.data.toString() ?? '';
    const commands = parseIpxeScript(autoexec);
    expect(commands.length).toBeGreaterThan(5);
    // It must have an address before it fetches: older builds start it without one.
    expect(autoexec.indexOf('\ndhcp ')).toBeLessThan(autoexec.indexOf('\nchain '));
  });

  it('on: a grub.cfg of the operator comes before ours', async () => {
    put('g.efi', 'grub.cfg');
    const rows = [
      { file: 'g.efi', architectures: [7] },
      { file: 'grub.cfg', architectures: [] },
    ];
    writeFileSync(join(folder, 'loaders.json'), JSON.stringify({ loaders: rows }));
    const { files, grubByMachine } = await loadLoaders(folder, LOADER_MAP, { secureBoot: 'on' });
    expect(files.get('grub.cfg')?.data.toString()).toBe('bytes of grub.cfg');
    expect(grubByMachine).toBe(false);
  });

  it('on without the shim is refused, naming its package', async () => {
    put(...DEFAULTS);
    await expect(loadLoaders(folder, LOADER_MAP, { secureBoot: 'on' })).rejects.toThrow(/shimx64\.efi/);
    const map = join(folder, 'map.json');
    const row = { file: 's.efi', architectures: [7], source: '/nowhere/s', package: 'shim-signed', secureBoot: true };
    writeFileSync(map, JSON.stringify({ loaders: [row] }));
    const url = new URL(`file://${map}`);
    await expect(loadLoaders(undefined, url, { secureBoot: 'on' })).rejects.toThrow(
      /install the package "shim-signed"/,
    );
    expect((await loadLoaders(undefined, url)).names.byArchitecture.size).toBe(0);
  });
});

describe('a loader map is refused', () => {
  it.each([
    ['{', /not JSON/],
    ['{}', /no list/],
    ['{"loaders":[{"file":"../x","architectures":[],"source":"","package":""}]}', /loader 1 needs/],
    ['{"loaders":[{"file":"x","architectures":[-1]}]}', /loader 1 needs/],
    ['{"loaders":[{"file":"x","architectures":[7],"source":"/x"}]}', /loader 1 needs/],
    ['{"loaders":[{"file":"x","architectures":[7],"optional":"yes"}]}', /loader 1 needs/],
    ['{"loaders":[{"file":"x","architectures":[7]},{"file":"x","architectures":[9]}]}', /x is there twice/],
  ])('%s', (text, message) => {
    expect(() => parseLoaderMap(text)).toThrow(message);
  });
});
