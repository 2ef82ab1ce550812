import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAsked,
  afterLoaderFetched,
  afterOffered,
  afterScriptFetched,
  type BootTrail,
  MOST_HOPS,
  NO_TRAIL,
} from '../../../src/domain/boot/boot-trail.ts';
import type { BootRequest, LoaderAnswer } from '../../../src/domain/boot-policy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createBootProgress, createForgetfulLoaderMemory } from '../../../src/netboot/boot-progress.ts';
import type { Sightings } from '../../../src/netboot/sightings.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { memoryAttempts, sampleMachine } from '../../support/netboot-ports.ts';

const PATIENCE = 60_000;
const MAC = '52:54:00:00:00:01';
const machine = sampleMachine({ name: 'm1', macs: [MAC], address: '10.0.0.11' });

/** What happened to one card, as a line of words: each is applied in turn. */
type Word = 'ask' | 'ipxe' | 'offer' | 'loader' | 'script' | 'wait' | 'next-attempt';
function follow(words: readonly Word[], loader = 'ipxe.efi'): BootTrail {
  let trail = NO_TRAIL;
  let now = 0;
  let attempt = 1;
  for (const word of words) {
    now += 1000;
    const ask = { attempt: `a${attempt}`, architecture: 7, now };
    if (word === 'ask') trail = afterAsked(trail, { ...ask, loader: 'firmware' }, PATIENCE);
    else if (word === 'ipxe') trail = afterAsked(trail, { ...ask, loader: 'ipxe' }, PATIENCE);
    else if (word === 'offer') trail = afterOffered(trail, { loader, architecture: 7, replaces: false, now }, PATIENCE);
    else if (word === 'loader') trail = afterLoaderFetched(trail, now);
    else if (word === 'script') trail = afterScriptFetched(trail);
    else if (word === 'wait') now += PATIENCE;
    else attempt += 1;
  }
  return trail;
}

const BOOT: readonly Word[] = ['ask', 'offer', 'loader', 'ipxe', 'script'];

describe('hops', () => {
  it.each<[string, readonly Word[], number]>([
    ['a boot that goes well', BOOT, 0],
    ['repeated requests of one boot', ['ask', 'offer', 'ask', 'offer', 'ask', 'offer', 'loader', 'ipxe', 'ipxe'], 0],
    ['a loader that is not known for iPXE', ['ask', 'offer', 'loader', 'ask', 'offer', 'loader', 'ask'], 2],
    ['a system that comes back after its script', [...BOOT, ...BOOT, 'ask'], 2],
    ['iPXE in the ROM whose script exits', ['ipxe', 'script', 'ipxe', 'script', 'ipxe', 'ipxe'], 2],
    ['more than the limit', [...BOOT, ...BOOT, ...BOOT, ...BOOT, ...BOOT, 'ask'], MOST_HOPS],
    ['another attempt', [...BOOT, ...BOOT, ...BOOT, 'next-attempt', 'ask', 'offer', 'ask'], 0],
  ])('%s', (_name, words, hops) => {
    expect(follow(words).hops).toBe(hops);
  });

  it('are not counted when loaded firmware asks as another architecture', () => {
    const trail = afterLoaderFetched(
      afterOffered(NO_TRAIL, { loader: 'start4.elf', architecture: 41, replaces: false, now: 0 }, PATIENCE),
      1,
    );
    const ask = { attempt: null, loader: 'firmware', now: 2 } as const;
    expect(afterAsked(trail, { ...ask, architecture: 11 }, PATIENCE).hops).toBe(0);
    expect(afterAsked(trail, { ...ask, architecture: 41 }, PATIENCE).hops).toBe(1);
  });

  it('stay within the limit whatever happens', () => {
    const word = fc.constantFrom<Word>('ask', 'ipxe', 'offer', 'loader', 'script', 'wait', 'next-attempt');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const { hops, failed } = follow(words);
        expect(hops).toBeLessThanOrEqual(MOST_HOPS);
        expect(failed.get(7)?.length ?? 0).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a loader counts as hung', () => {
  it.each<[string, readonly Word[], readonly string[]]>([
    ['fetched, and no script in time', ['ask', 'offer', 'loader', 'wait', 'ask'], ['ipxe.efi']],
    ['fetched, and asked for again at once', ['ask', 'offer', 'loader', 'ask'], []],
    ['offered once, never fetched', ['ask', 'offer', 'wait', 'ask'], []],
    ['offered in two boots, never fetched', ['ask', 'offer', 'wait', 'ask', 'offer', 'wait', 'ask'], ['ipxe.efi']],
    ['in the round before', ['ask', 'offer', 'loader', 'wait', 'next-attempt', 'ask', 'offer'], ['ipxe.efi']],
    ['not when its script was fetched', [...BOOT, 'wait', 'ask'], []],
    ['not any more once it has worked', ['ask', 'offer', 'loader', 'wait', ...BOOT], []],
    ['not when only iPXE asks', ['ask', 'offer', 'loader', 'wait', 'ipxe'], []],
  ])('%s', (_name, words, failed) => {
    expect(follow(words).failed.get(7) ?? []).toEqual(failed);
  });
});

describe('boot progress', () => {
  const firmware: BootRequest = {
    channel: 'dhcp',
    messageType: 'discover',
    client: 'pxe',
    architectures: [7],
    board: null,
    loader: 'firmware',
    features: null,
  };
  function parts(maximumCards?: number) {
    const clock = createManualClock();
    const memory = createForgetfulLoaderMemory();
    const attempt = memoryAttempts(clock.now).arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' });
    const progress = createBootProgress(
      { memory, clock, log: silentLog },
      maximumCards === undefined ? {} : { maximumCards },
    );
    const passed: string[] = [];
    const inner: Sightings = {
      saw: (_machineId, { type }) => passed.push(type),
      settled: async () => undefined,
      close: async () => undefined,
    };
    const sightings = progress.watching(inner);
    const answer: LoaderAnswer = {
      kind: 'loader',
      name: 'ipxe.efi',
      by: 'tftp',
      architecture: 7,
      replaces: false,
      insteadOf: null,
      attempt,
    };
    const saw = (type: 'file.served' | 'file.refused', name: string): void => {
      const protocol = name === 'script.ipxe' ? 'http' : 'tftp';
      sightings.saw(machine.id, { type, source: protocol, data: { protocol, name } });
    };
    const served = (name: string): void => saw('file.served', name);
    const refused = (name: string): void => saw('file.refused', name);
    const ask = (changes: Partial<BootRequest> = {}) => progress.asked(MAC, { ...firmware, ...changes }, 7, attempt);
    return { clock, memory, progress, passed, answer, served, refused, ask };
  }

  it('remembers the loader that brought a machine to its script', async () => {
    const { memory, progress, passed, answer, served, ask } = parts();
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('ipxe.efi');
    served('script.ipxe');
    await settle();
    expect(await memory.ofMac(MAC)).toMatchObject([{ architecture: 7, loader: 'ipxe.efi' }]);
    expect(passed).toEqual(['file.served', 'file.served']);
    expect((await ask()).experience(7)).toEqual({ proven: 'ipxe.efi', failed: [] });
    await memory.forget([MAC]);
    expect((await ask()).experience(7).proven).toBeUndefined();
  });

  it('holds a hang against the loader across attempts, and other files against none', async () => {
    const { clock, progress, answer, served, ask } = parts();
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('revocations.efi');
    served('ipxe.efi');
    await clock.advance(PATIENCE);
    expect((await ask({ messageType: 'request' })).experience(7).failed).toEqual([]);
    expect((await ask()).experience(7).failed).toEqual(['ipxe.efi']);
    expect((await ask()).hops).toBe(1);
  });

  it('tells which loaders hung, and forgets it with what is on trial, but not how often the machine came back', async () => {
    const { clock, progress, answer, served, ask } = parts();
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('ipxe.efi');
    await clock.advance(PATIENCE);
    await ask();
    expect(progress.hungOf(MAC)).toEqual([{ architecture: 7, loaders: ['ipxe.efi'] }]);
    expect(progress.hungOf('02:00:00:00:00:01')).toEqual([]);
    progress.offered(MAC, machine.id, { ...answer, name: 'snponly.efi' });
    served('snponly.efi');
    await clock.advance(PATIENCE);
    progress.forget([MAC, '02:00:00:00:00:01']);
    expect(progress.hungOf(MAC)).toEqual([]);
    const history = await ask();
    expect(history.experience(7).failed).toEqual([]);
    expect(history.hops).toBe(2);
  });

  it('forgets after a day, and the card not seen for longest when there are too many', async () => {
    const { clock, progress, answer, served, ask } = parts(2);
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('ipxe.efi');
    await clock.advance(PATIENCE);
    expect((await ask()).hops).toBe(1);
    for (const mac of ['02:00:00:00:00:01', '02:00:00:00:00:02']) progress.offered(mac, `id-${mac}`, answer);
    expect((await ask()).hops).toBe(0);

    const again = parts();
    await again.ask();
    again.progress.offered(MAC, machine.id, again.answer);
    again.served('ipxe.efi');
    await again.clock.advance(86_400_001);
    expect((await again.ask()).experience(7).failed).toEqual([]);
  });

  it('knows a boot that iPXE went on with by another card', async () => {
    const { clock, memory, progress, answer, served, ask } = parts();
    const other = '52:54:00:00:01:01';
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('ipxe.efi');
    progress.offered(other, machine.id, { kind: 'script', attempt: answer.attempt });
    served('script.ipxe');
    await settle();
    expect(await memory.ofMac(MAC)).toMatchObject([{ loader: 'ipxe.efi' }]);
    await clock.advance(PATIENCE);
    expect((await ask()).experience(7).failed).toEqual([]);
  });

  it('takes a script refused for a loader that works, and a loader refused for none', async () => {
    const { clock, progress, answer, served, refused, ask } = parts();
    await ask();
    progress.offered(MAC, machine.id, answer);
    served('ipxe.efi');
    refused('script.ipxe');
    await clock.advance(PATIENCE);
    expect((await ask()).experience(7).failed).toEqual([]);
    progress.offered(MAC, machine.id, answer);
    refused('ipxe.efi');
    await clock.advance(PATIENCE);
    expect((await ask()).experience(7).failed).toEqual([]);
  });

  it('goes on when the memory fails', async () => {
    const clock = createManualClock();
    const broken = async (): Promise<never> => Promise.reject(new Error('disk'));
    const memory = { ofMac: broken, remember: broken, forget: broken };
    const progress = createBootProgress({ memory, clock, log: silentLog });
    const attempt = memoryAttempts(clock.now).arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' });
    expect((await progress.asked(MAC, firmware, 7, attempt)).experience(7).proven).toBeUndefined();
  });
});
