// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of scripts are written so
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NetbootSpec } from '../../../../src/domain/machine.ts';
import type { CapturedGeneration } from '../../../../src/domain/ports/assets.ts';
import { InvalidRequestError, NotFoundError } from '../../../../src/foundation/errors.ts';
import { createBootSources } from '../../../../src/netboot/assets/boot-sources.ts';
import { sampleMachine } from '../../../support/netboot-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootwright-boot-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MACHINE = sampleMachine({ name: 'web1', macs: ['52:54:00:00:00:01'], address: '10.0.0.5' });
const sha = (letter: string): string => letter.repeat(64);
const STORED: Readonly<Record<string, string>> = {
  kernel: sha('a'),
  initrd: sha('b'),
  'menu.ipxe': sha('c'),
  bad: sha('d'),
};
writeFileSync(join(folder, sha('c')), '#!ipxe\necho ${machine}\n');
writeFileSync(join(folder, sha('d')), '#!ipxe\necho ${hostname}\n');

function lookUp(boot: NetbootSpec, captured: readonly CapturedGeneration[] = [], proven: readonly string[] = []) {
  const touched: string[] = [];
  const sources = createBootSources({
    assets: {
      async find(name) {
        const sha256 = STORED[name] ?? (Object.values(STORED).includes(name.slice(7)) ? name.slice(7) : undefined);
        if (sha256 === undefined) return undefined;
        return { name, sha256, path: join(folder, sha256), bytes: 100, modifiedAt: 0 };
      },
    },
    records: {
      captured: async () => captured,
      async touch(sha256) {
        touched.push(sha256);
      },
    },
    generations: {
      list: async () => proven.map((toplevel) => ({ machineId: MACHINE.id, toplevel, runId: 'r', provenAt: 0 })),
    },
  });
  return sources.lookUp(MACHINE, boot).then((armed) => ({ armed, touched }));
}

const generation = (toplevel: string, kernel = sha('a')): CapturedGeneration => ({
  ...{ machineId: MACHINE.id, toplevel, kernel, initrds: [sha('b')] },
  ...{ commandLine: `init=${toplevel}/init quiet`, capturedAt: 0 },
});

describe('what is armed', () => {
  it('names uploaded assets by their contents, and leaves files of folders by name', async () => {
    const { armed, touched } = await lookUp({ kernel: 'kernel', initrds: ['initrd', 'x/y.img'], commandLine: 'quiet' });
    expect(armed).toEqual({
      kernel: `sha256:${sha('a')}`,
      initrds: [`sha256:${sha('b')}`, 'x/y.img'],
      commandLine: 'quiet',
    });
    expect(touched.sort()).toEqual([sha('a'), sha('b')]);
  });

  it('a rescue system says that it is one', async () => {
    const rescue = { kernel: 'kernel', initrds: ['initrd'], commandLine: '' };
    expect((await lookUp({ rescue })).armed).toMatchObject({ kernel: `sha256:${sha('a')}`, rescue: true });
  });

  it('a script is the text that it was when it was armed', async () => {
    const script = '#!ipxe\necho ${ip}\n';
    expect((await lookUp({ script, files: ['kernel'] })).armed).toEqual({ script, files: ['kernel'] });
    expect((await lookUp({ script: { asset: 'menu.ipxe' } })).armed).toEqual({
      script: '#!ipxe\necho ${machine}\n',
      files: [],
    });
    await expect(lookUp({ script: { asset: 'bad' } }), 'an asset is checked then').rejects.toThrow(InvalidRequestError);
    await expect(lookUp({ script: { asset: 'none' } })).rejects.toThrow(NotFoundError);
  });

  it.each([
    ['the newest proven one that was captured', ['/a', '/b', '/c'], ['/a', '/b', '/d'], '/b'],
    ['the newest captured when none of them is proven', ['/a', '/c'], ['/d'], '/c'],
  ])('current is %s', async (_what, captured, proven, expected) => {
    const { armed } = await lookUp(
      { generation: 'current' },
      captured.map((each) => generation(each)),
      proven,
    );
    expect(armed).toEqual({
      kernel: `sha256:${sha('a')}`,
      initrds: [`sha256:${sha('b')}`],
      commandLine: `init=${expected}/init quiet`,
      generation: expected,
    });
  });

  it('a generation by its path, with more parameters', async () => {
    const { armed } = await lookUp(
      { generation: '/a', commandLine: 'debug' },
      [generation('/a'), generation('/b')],
      ['/b'],
    );
    expect(armed).toMatchObject({ commandLine: 'init=/a/init quiet debug', generation: '/a' });
  });

  it.each([
    ['a generation that was not captured', { generation: '/x' } as const, [generation('/a')]],
    ['no generation at all', { generation: 'current' } as const, []],
    ['a generation whose kernel is gone', { generation: 'current' } as const, [generation('/a', sha('f'))]],
    ['contents that are not there', { kernel: `sha256:${sha('f')}`, initrds: ['initrd'], commandLine: '' }, []],
  ])('%s is told with what to do', async (_what, boot, captured) => {
    const failed = await lookUp(boot, captured).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NotFoundError);
    expect(failed).toMatchObject({ details: { hint: expect.stringContaining('bootwright assets') } });
  });
});
