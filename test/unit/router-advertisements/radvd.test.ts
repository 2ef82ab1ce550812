import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RouterAdvertisement } from '../../../src/domain/router-advertisement.ts';
import { createRadvd } from '../../../src/drivers/router-advertisements/radvd.ts';
import { formatRadvdConfig } from '../../../src/drivers/router-advertisements/radvd-config.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { BugError, ConfigError } from '../../../src/foundation/errors.ts';
import { type LogFields, silentLog } from '../../../src/foundation/log.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const eth0: RouterAdvertisement = {
  interface: 'eth0',
  prefix: 'fd00:77::/64',
  managed: true,
  otherConfiguration: true,
  autonomous: false,
  routerLifetimeSeconds: 0,
  nameServers: [],
};

describe('the configuration', () => {
  it('says what is to be advertised, and that we are no default router', () => {
    expect(formatRadvdConfig([eth0])).toBe(
      [
        'interface eth0 {',
        '  AdvSendAdvert on;',
        '  IgnoreIfMissing on;',
        '  MinRtrAdvInterval 20;',
        '  MaxRtrAdvInterval 60;',
        '  AdvManagedFlag on;',
        '  AdvOtherConfigFlag on;',
        '  AdvDefaultLifetime 0;',
        '  prefix fd00:77::/64 { AdvOnLink on; AdvAutonomous off; };',
        '};',
        '',
      ].join('\n'),
    );
  });

  it('has a section an interface, name servers and a lifetime where they are set', () => {
    const eth1 = { ...eth0, interface: 'eth1', managed: false, autonomous: true, routerLifetimeSeconds: 1800 };
    const text = formatRadvdConfig([eth0, { ...eth1, nameServers: ['fd00:77::53', 'fd00:77::54'] }]);
    expect(text.match(/^interface/gm)).toHaveLength(2);
    expect(text).toContain('RDNSS fd00:77::53 fd00:77::54 { };');
    expect(text).toContain('AdvDefaultLifetime 1800;');
    expect(text).toContain('AdvAutonomous on;');
  });

  it.each(['eth0 {', 'a;b', 'a#b', '', 'a"b'])('lets no word end its place: %j', (name) => {
    expect(() => formatRadvdConfig([{ ...eth0, interface: name }])).toThrow(BugError);
  });
});

describe('the child process', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bw-radvd-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A program of that name in a folder of its own, which leaves a line for each start. */
  function standIn(body: string): void {
    writeFileSync(join(folder, 'radvd'), `#!/bin/sh\necho "$$ $*" >> '${folder}/starts'\n${body}\n`, { mode: 0o755 });
  }
  const starts = (): readonly string[] => {
    try {
      return readFileSync(join(folder, 'starts'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  };

  function running(path = `${folder}:/usr/bin:/bin`) {
    const [clock, stop] = [createManualClock(), new AbortController()];
    const said: LogFields[] = [];
    const log = {
      ...silentLog,
      error: (fields: LogFields) => void said.push(fields),
      warn: (fields: LogFields) => void said.push(fields),
    };
    const radvd = createRadvd({ clock, entropy: systemEntropy, log }, { advertisements: [eth0], folder, path });
    const run = radvd.run(stop.signal);
    run.catch(() => undefined);
    const end = (): Promise<void> => {
      stop.abort();
      return run;
    };
    return { clock, said, run, end };
  }
  const soon = { timeout: 10_000, interval: 20 };

  it('is given its configuration, and ends with us', async () => {
    standIn('trap "echo bye >> $0.bye; exit 0" TERM\nwhile :; do sleep 0.05; done');
    const { end } = running();
    await expect.poll(starts, soon).toHaveLength(1);
    const words = starts()[0]?.split(' ') ?? [];
    expect(words.slice(1)).toEqual(
      expect.arrayContaining([
        '--nodaemon',
        '--config',
        join(folder, 'radvd.conf'),
        '--pidfile',
        join(folder, 'radvd.pid'),
      ]),
    );
    expect(readFileSync(join(folder, 'radvd.conf'), 'utf8')).toBe(formatRadvdConfig([eth0]));
    await end();
    expect(readFileSync(join(folder, 'radvd.bye'), 'utf8')).toBe('bye\n');
    expect(() => process.kill(Number(words[0]), 0)).toThrow(/ESRCH/);
  });

  it('is killed when it does not end by itself', async () => {
    standIn('trap "" TERM\necho deaf >> $0.deaf\nwhile :; do sleep 0.05; done');
    const { clock, end } = running();
    await expect
      .poll(() => readFileSync(join(folder, 'radvd.deaf'), { encoding: 'utf8', flag: 'a+' }), soon)
      .toBe('deaf\n');
    const ended = end();
    await expect.poll(() => clock.sleepers, soon).toBe(1);
    await clock.advance(3000);
    await ended;
    expect(() => process.kill(Number(starts()[0]?.split(' ')[0]), 0)).toThrow(/ESRCH/);
  });

  it('is started again with growing waits, and why is told', async () => {
    standIn('echo "cannot open a raw socket" >&2\nexit 3');
    const { clock, said, end } = running();
    for (const [count, waitMs] of [
      [1, 1000],
      [2, 2000],
      [3, 4000],
    ] as const) {
      await expect.poll(() => clock.sleepers, soon).toBe(1);
      expect(starts()).toHaveLength(count);
      expect(said.at(-1)).toMatchObject({ ended: 'exit code 3', said: 'cannot open a raw socket' });
      const { waitMs: waited } = said.at(-1) ?? {};
      expect(waited).toBeGreaterThanOrEqual(waitMs * 0.8);
      expect(waited).toBeLessThanOrEqual(waitMs);
      await clock.advance(waitMs);
    }
    await expect.poll(() => clock.sleepers, soon).toBe(1);
    expect(starts()).toHaveLength(4);
    await end();
  });

  it('is refused by name where it is not installed', async () => {
    const { run } = running(join(folder, 'nowhere'));
    await expect(run).rejects.toThrow(ConfigError);
    await expect(run).rejects.toThrow(/install the package radvd/);
  });

  it('takes the place of one that an earlier run left behind, and of nothing else', async () => {
    standIn('trap "exit 0" TERM\necho $$ > "$5"\nwhile :; do sleep 0.05; done');
    const first = running();
    await expect.poll(starts, soon).toHaveLength(1);
    const pid = Number(starts()[0]?.split(' ')[0]);
    writeFileSync(join(folder, 'radvd.pid'), `${pid}\n`);
    const second = running();
    // The first service sees its child go, and waits.
    await expect.poll(() => first.clock.sleepers, soon).toBe(1);
    expect(second.said[0]).toEqual({ pid });
    await Promise.all([first.end(), second.end()]);
    writeFileSync(join(folder, 'radvd.pid'), `${process.pid}\n`);
    const third = running();
    await expect.poll(starts, soon).toHaveLength(3);
    expect(third.said).toEqual([]);
    await third.end();
  });
});
