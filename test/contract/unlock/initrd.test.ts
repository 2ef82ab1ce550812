import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Initrd, InitrdFacts, PendingPrompt } from '../../../src/domain/ports/hosts.ts';
import { InvalidRequestError, RefusedError } from '../../../src/foundation/errors.ts';
import type { Log } from '../../../src/foundation/log.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { createSimulatedHost, eventually, PASSPHRASE, type SimulatedHost } from '../../support/simulated-host.ts';

const signal = AbortSignal.timeout(120_000);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Powers on and waits until stage 1 asks. */
async function asking(host: SimulatedHost, prompts = 1): Promise<{ initrd: Initrd; facts: InitrdFacts }> {
  host.simulated.chassis.control('on');
  await host.simulated.reached('stage-1', signal);
  const initrd = await host.hosts.initrd(host.machine, signal);
  const facts = await eventually(async () => {
    const seen = await initrd.look(signal);
    return seen.prompts.length >= prompts ? seen : undefined;
  });
  return { initrd, facts };
}

function promptOf(facts: InitrdFacts, disk = 'cryptroot'): PendingPrompt {
  const prompt = facts.prompts.find((candidate) => candidate.disk === disk);
  if (prompt === undefined) throw new Error(`no prompt for ${disk}`);
  return prompt;
}

const VARIANTS = [
  { name: 'initramfs-tools', diskFlavour: 'initramfs' as const, replyTool: true },
  { name: 'systemd with reply tool', diskFlavour: 'systemd' as const, replyTool: true },
  { name: 'systemd with agent only', diskFlavour: 'systemd' as const, replyTool: false },
];

describe.each(VARIANTS)('Initrd: $name', ({ diskFlavour, replyTool }) => {
  const timings = { lingerMs: 700 };

  test('tells boot, generation and prompt, and opens the disk with the right passphrase, sent once', async () => {
    await using host = createSimulatedHost({ simulated: { diskFlavour, replyTool, timings } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    expect(facts).toMatchObject({ flavour: diskFlavour, unlocked: [], exhausted: [] });
    expect(facts.init).toBe(`${host.simulated.generations.bootDefault()}/init`);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
    using passphrase = Secret.fromText(PASSPHRASE);
    expect(await initrd.answer(promptOf(facts), passphrase, signal)).toBe('unlocked');
    expect(host.simulated.passphrases).toMatchObject([{ disk: 'cryptroot', right: true, sha256: sha256(PASSPHRASE) }]);
    expect(passphrase.length).toBe(PASSPHRASE.length);
    await host.simulated.reached('stage-3', signal);
    await using system = await host.hosts.system(host.machine, signal);
    expect((await system.look(signal)).bootId).toBe(facts.bootId);
  });

  test('a wrong passphrase is wrong, costs one try, and the prompt comes anew under another id', async () => {
    await using host = createSimulatedHost({ simulated: { diskFlavour, replyTool, timings } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    expect(await initrd.answer(promptOf(facts), Secret.fromText('not this one'), signal)).toBe('wrong');
    const again = await eventually(async () => {
      const seen = await initrd.look(signal);
      return seen.prompts.length > 0 ? seen : undefined;
    });
    expect(promptOf(again).id).not.toBe(promptOf(facts).id);
    expect(await initrd.answer(promptOf(facts), Secret.fromText(PASSPHRASE), signal)).toBe('nothing-pending');
    expect(host.simulated.passphrases).toHaveLength(1);
    expect(await initrd.answer(promptOf(again), Secret.fromText(PASSPHRASE), signal)).toBe('unlocked');
  });

  test('the third wrong passphrase is the end', async () => {
    await using host = createSimulatedHost({ simulated: { diskFlavour, replyTool, timings } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    let prompt = promptOf(facts);
    const verdicts: string[] = [];
    for (let i = 0; i < 3; i++) {
      verdicts.push(await initrd.answer(prompt, Secret.fromText(`wrong ${i}`), signal));
      if (i < 2) {
        prompt = await eventually(async () => {
          const next = (await initrd.look(signal)).prompts[0];
          return next !== undefined && next.id !== prompt.id ? next : undefined;
        });
      }
    }
    expect(verdicts).toEqual(['wrong', 'wrong', 'exhausted']);
    if (diskFlavour === 'systemd') expect((await initrd.look(signal)).exhausted).toEqual(['cryptroot']);
  });

  test('an empty passphrase never leaves', async () => {
    await using host = createSimulatedHost({ simulated: { diskFlavour, replyTool, timings } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    await expect(initrd.answer(promptOf(facts), Secret.fromText(''), signal)).rejects.toThrow(InvalidRequestError);
    if (diskFlavour === 'systemd') {
      await expect(initrd.answer(promptOf(facts), Secret.fromText('a\tb'), signal)).rejects.toThrow(
        InvalidRequestError,
      );
    }
    expect(host.simulated.passphrases).toEqual([]);
  });

  test('power lost while a slow key derivation runs: unknown, said within seconds', async () => {
    await using host = createSimulatedHost({ simulated: { diskFlavour, replyTool, timings: { kdfMs: 5_000 } } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    const verdict = initrd.answer(promptOf(facts), Secret.fromText(PASSPHRASE), signal);
    await eventually(async () => (host.simulated.passphrases.length > 0 ? true : undefined));
    host.simulated.chassis.control('off');
    expect(await verdict).toBe('unknown');
  });
});

describe('several disks', () => {
  const disks = [
    { name: 'cryptroot', passphrase: PASSPHRASE },
    { name: 'crypt-data', passphrase: 'another one' },
  ];

  test('initramfs-tools asks one after the other; each gets its own', async () => {
    await using host = createSimulatedHost({ simulated: { disks, timings: { lingerMs: 700 } } });
    const { initrd, facts } = await asking(host);
    await using _ = initrd;
    expect(facts.prompts.map(({ disk }) => disk)).toEqual(['cryptroot']);
    expect(await initrd.answer(promptOf(facts), Secret.fromText(PASSPHRASE), signal)).toBe('unlocked');
    const next = await eventually(async () => (await initrd.look(signal)).prompts[0]);
    expect(next.disk).toBe('crypt-data');
    expect(await initrd.answer(next, Secret.fromText('another one'), signal)).toBe('unlocked');
    expect(host.simulated.passphrases.map(({ right }) => right)).toEqual([true, true]);
  });

  test('systemd asks at once; the reply tool answers the one that is meant', async () => {
    await using host = createSimulatedHost({
      simulated: { disks, diskFlavour: 'systemd', timings: { lingerMs: 700 } },
    });
    const { initrd, facts } = await asking(host, 2);
    await using _ = initrd;
    expect(await initrd.answer(promptOf(facts, 'crypt-data'), Secret.fromText('another one'), signal)).toBe('unlocked');
    expect(host.simulated.passphrases).toMatchObject([{ disk: 'crypt-data', right: true }]);
    expect((await initrd.look(signal)).unlocked).toEqual(['crypt-data']);
  });

  test('the agent alone is refused while two questions are pending, and nothing is sent', async () => {
    await using host = createSimulatedHost({ simulated: { disks, diskFlavour: 'systemd', replyTool: false } });
    const { initrd, facts } = await asking(host, 2);
    await using _ = initrd;
    await expect(initrd.answer(promptOf(facts), Secret.fromText(PASSPHRASE), signal)).rejects.toThrow(RefusedError);
    expect(host.simulated.passphrases).toEqual([]);
  });
});

test('passphrases and keys appear in no log line and no error, right, wrong or cut off', async () => {
  const said: string[] = [];
  const note = (fields: object, message: string): void => void said.push(`${message} ${inspect(fields, { depth: 9 })}`);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  await using host = createSimulatedHost({ log, simulated: { timings: { lingerMs: 700 } } });
  const { initrd, facts } = await asking(host);
  await using _ = initrd;
  expect(await initrd.answer(promptOf(facts), Secret.fromText('planted-wrong-91'), signal)).toBe('wrong');
  const again = await eventually(async () => (await initrd.look(signal)).prompts[0]);
  const cut = initrd.answer(again, Secret.fromText(PASSPHRASE), signal);
  await eventually(async () => (host.simulated.passphrases.length > 1 ? true : undefined));
  host.simulated.chassis.control('off');
  said.push(await cut);
  said.push(inspect(await host.hosts.initrd(host.machine, signal).catch((error: unknown) => error), { depth: 9 }));
  const key = host.identity.private.split('\n')[2] ?? '';
  expect(key.length).toBeGreaterThan(40);
  const text = said.join('\n');
  expect(text).toContain('passphrase answered');
  for (const secret of [PASSPHRASE, 'planted-wrong-91', key]) expect(text).not.toContain(secret);
});

test('a key derivation slower than cryptroot-unlock waits is judged by looking on', async () => {
  await using host = createSimulatedHost({ simulated: { timings: { kdfMs: 11_000, lingerMs: 2_000 } } });
  const { initrd, facts } = await asking(host);
  await using _ = initrd;
  expect(await initrd.answer(promptOf(facts), Secret.fromText(PASSPHRASE), signal)).toBe('unlocked');
}, 30_000);
