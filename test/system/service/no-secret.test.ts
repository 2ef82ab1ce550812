import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { SITE_SECRETS } from '../../support/simulated-site.ts';
import { filesBelow, findPlanted, type Planted, spellingsOf, watchProcesses } from './planted.ts';
import { createRig, onlyMachine, type Rig, type RigOptions } from './rig.ts';

// Distinctive secrets are planted, and after runs that went well and runs that did not, every place that anybody else can look into
// is searched for them: log, API, feeds, database with its journal, command lines and environments of processes.

const TOKEN = 'ghp_planted7access7token7of7a7repository';
const WRONG = 'a wrong passphrase, planted 99';
const PRINTS = { outcome: 'fails', lines: ['fetching...', 'error: 401'], durationMs: 300, printsTokens: true } as const;

/** The passphrase by a program, the token from the environment, the rest from files. */
const PLANTING: RigOptions = {
  simulated: { rebuilds: { careless: PRINTS, chatty: { ...PRINTS, outcome: 'builds' } } },
  environment: { PLANTED_TOKEN: TOKEN },
  prepare(site) {
    const passphrase = { command: ['/bin/sh', '-c', `sleep 0.2; cat ${join(site.folder, 'passphrase')}`] };
    site.declare({
      disks: [{ name: 'cryptroot', passphrase }],
      rebuild: { flake: 'github:example/fleet', accessTokens: [{ host: 'github.com', token: 'env:PLANTED_TOKEN' }] },
    });
  },
};

describe('planted secrets', () => {
  it('are found by the search when they are there', () => {
    for (const spelling of spellingsOf(SITE_SECRETS.passphrase).values()) {
      const place = new Map([['place', Buffer.concat([Buffer.from('{"'), spelling, Buffer.from('"}')])]]);
      expect(findPlanted([{ name: 'passphrase', value: SITE_SECRETS.passphrase }], place)).not.toEqual([]);
    }
  });

  it('show up nowhere, whatever becomes of the runs', { timeout: 120_000 }, async () => {
    await using rig = await createRig(PLANTING);
    const { machine, name } = onlyMachine(rig);
    using watch = watchProcesses(rig.service().pid);
    const runs: string[] = [];
    const run = async (request: object, expected: string): Promise<void> => {
      const ended = await rig.run(name, request);
      runs.push(ended.id);
      expect(ended.error?.code ?? ended.state).toBe(expected);
    };

    rig.site.setPassphrase(WRONG);
    await run({ kind: 'boot' }, 'wrong-passphrase');
    rig.site.setPassphrase(SITE_SECRETS.passphrase);
    await run({ kind: 'unlock' }, 'succeeded');
    await run({ kind: 'rebuild', attribute: 'careless' }, 'build-failed');
    await run({ kind: 'update', attribute: 'chatty' }, 'succeeded');
    await run({ kind: 'power', verb: 'cycle' }, 'succeeded');
    rig.site.secret('bmc', 'another-bmc-pw');
    await run({ kind: 'power', verb: 'reset' }, 'authentication-failed');

    // They were really used, or else there would be nothing to find.
    expect(machine.passphrases.map(({ right }) => right)).toEqual([false, true, true]);
    expect(machine.rebuilds.every(({ nixConfSha256 }) => nixConfSha256 !== null)).toBe(true);
    const output = await rig.output(runs[2] ?? '');
    expect(output).toContain(`github.com=${'*'.repeat(TOKEN.length)}`);

    const identity = readFileSync(join(rig.site.folder, 'identity'), 'utf8').split('\n').slice(1, -2);
    const planted: Planted[] = [
      { name: 'passphrase', value: SITE_SECRETS.passphrase },
      { name: 'wrong passphrase', value: WRONG },
      { name: 'BMC password', value: SITE_SECRETS.bmcPassword },
      { name: 'other BMC password', value: 'another-bmc-pw' },
      { name: 'access token', value: TOKEN },
      // All lines but the first, which says no more than that it is a key.
      ...identity.slice(1).map((value, line) => ({ name: `private key, line ${line + 2}`, value })),
      { name: 'API token', value: rig.token },
    ];
    expect(planted.length).toBeGreaterThan(8);

    const places = await apiAnswers(rig, name, runs);
    expect(places.size).toBeGreaterThan(30);
    for (const [path, contents] of filesBelow(join(rig.site.folder, 'data'))) places.set(path, contents);
    expect(
      [...places.keys()].some((path) => path.endsWith('-wal')),
      'the journal is searched too',
    ).toBe(true);
    expect(watch.samples()).toBeGreaterThan(100);
    const commandLines = [...watch.commandLines].join('\n');
    expect(commandLines, 'the program that tells the passphrase was seen').toContain('sleep 0.2');
    places.set('command lines', Buffer.from(commandLines, 'latin1'));
    const environments = watch.childEnvironments();
    expect(environments.size).toBeGreaterThan(0);
    for (const [pid, environment] of environments) places.set(`environment of child ${pid}`, environment);
    // The first start's token is for a person, on standard output and in that line only.
    const shownOnce = `admin token (shown once): ${rig.token}`;
    expect(rig.printed().split(shownOnce)).toHaveLength(2);
    places.set('log', Buffer.from(rig.printed().replace(shownOnce, '')));
    expect(places.get('log')?.toString(), 'logged at debug').toMatch(/"level":20.*secret opened/);

    expect(findPlanted(planted, places)).toEqual([]);

    // What opens the URLs of a netboot is in the database, and nowhere else.
    const attempts = netbootTokens(join(rig.site.folder, 'data', 'bootwright.db'));
    expect(attempts.length).toBeGreaterThan(0);
    const visible = new Map([...places].filter(([place]) => !place.startsWith(rig.site.folder)));
    expect(
      findPlanted(
        attempts.map((value) => ({ name: 'netboot token', value })),
        visible,
      ),
    ).toEqual([]);
  });
});

/** Every answer that tells of these runs, for an administrator, who sees most. */
async function apiAnswers(
  { url, token, api }: Rig,
  machine: string,
  runs: readonly string[],
): Promise<Map<string, Buffer>> {
  const paths = [
    ...['/openapi.json', '/docs', '/machines', '/runs', '/tokens', '/config-schema.json'],
    ...['', '/events?limit=1000', '/generations'].map((part) => `/machines/${machine}${part}`),
    ...runs.flatMap((id) => ['', '/events?limit=1000', '/output'].map((part) => `/runs/${id}${part}`)),
  ].map((path) => `/api/v1${path}`);
  const answers = new Map<string, Buffer>();
  for (const path of [...paths, '/metrics', '/healthz', '/readyz']) {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect([path, response.status]).toEqual([path, 200]);
    const headers = JSON.stringify([...response.headers]);
    answers.set(path, Buffer.concat([Buffer.from(headers), Buffer.from(await response.arrayBuffer())]));
  }
  // The doctor writes what it saw of a boot within seconds.
  const attempts = `/machines/${machine}/boot-attempts`;
  const listed = async () =>
    (await api.call('GET', attempts)).body as { items: { runId: string; round: number; packets: number }[] };
  await expect.poll(async () => (await listed()).items[0]?.packets ?? 0, { timeout: 20_000 }).toBeGreaterThan(3);
  for (const { runId, round } of (await listed()).items) {
    const path = `/api/v1${attempts}/${runId}/${round}`;
    for (const each of [path, `${path}/packets`]) {
      const response = await fetch(`${url}${each}`, { headers: { authorization: `Bearer ${token}` } });
      answers.set(each, Buffer.from(await response.arrayBuffer()));
    }
  }
  for (const id of runs) {
    const messages: string[] = [];
    for await (const { event, data } of api.feed(id, AbortSignal.timeout(10_000))) messages.push(`${event} ${data}`);
    expect(messages.length).toBeGreaterThan(2);
    answers.set(`feed of ${id}`, Buffer.from(messages.join('\n')));
  }
  return answers;
}

function netbootTokens(database: string): string[] {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    return db
      .prepare('SELECT token FROM boot_attempts')
      .all()
      .map(({ token }) => String(token));
  } finally {
    db.close();
  }
}
