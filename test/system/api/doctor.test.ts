import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootAttemptSchema } from '../../../src/api/schema/doctor.ts';
import { createParseMachineSpec } from '../../../src/config/parse-machine.ts';
import type { BootEvidence } from '../../../src/domain/boot/diagnosis/evidence.ts';
import { afterDiagnosis, type BootFinding } from '../../../src/domain/boot/diagnosis/findings.ts';
import type { TokenRole } from '../../../src/domain/ports/tokens.ts';
import { decodePcapFile, encodePcapHeader, encodePcapRecord } from '../../../src/protocols/pcap/pcap-file.ts';
import { encodeUdpPacket } from '../../../src/protocols/pcap/udp-packet.ts';
import { type ApiService, startApiService, testMachine } from '../../support/api-service.ts';
import { bootStory } from '../../support/boot-story.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-doctor-'));
const ARMED_AT = Date.now() - 60_000;

let service: ApiService;
let url: string;
let machineId: string;

/** A story of test/support, as if it had begun when the attempt was armed. */
function shifted<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (key, part) =>
    typeof part === 'number' && /At$|^(first|last|at|offered|told)$/.test(key) ? part + ARMED_AT : part,
  );
}

function packetFile(): Buffer {
  const [from, to] = [
    { address: '0.0.0.0', port: 68 },
    { address: '255.255.255.255', port: 67 },
  ];
  const { packet, originalLength } = encodeUdpPacket({ from, to, data: Buffer.from('a DISCOVER') });
  return Buffer.concat([encodePcapHeader(), encodePcapRecord({ atUs: ARMED_AT * 1000, originalLength, data: packet })]);
}

async function keep(
  runId: string,
  round: number,
  evidence: BootEvidence,
  findings: readonly BootFinding[],
  ended = true,
) {
  const endedAt = ended ? ARMED_AT + 55_000 : null;
  const shown = { evidence: shifted(evidence), findings: shifted(findings) };
  const capture = { machineId, runId, round, armedAt: ARMED_AT, endedAt, packets: 1, ...shown, pcap: packetFile() };
  await service.store.bootCaptures.keep([capture]);
}

beforeAll(async () => {
  service = await startApiService();
  url = await service.listen();
  for (const [role, token] of Object.entries(service.tokens))
    writeFileSync(join(folder, role), `${token}\n`, { mode: 0o600 });
  const spec = createParseMachineSpec({ commands: false })(testMachine('m1'));
  machineId = (await service.store.machines.declare(spec, 'api', 'test')).id;
  const stuck = bootStory().at(2).fourWay('firmware').tftp('asked').tftp('probed');
  const through = stuck
    .at(50)
    .toScript()
    .http('asked', 'kernel')
    .http('served', 'kernel')
    .http('asked', 'initrd')
    .http('served', 'initrd');
  const found = afterDiagnosis([], stuck.evidence, 25_000);
  await keep('r1', 1, stuck.evidence, found.findings);
  await keep('r1', 2, through.evidence, afterDiagnosis(found.findings, through.evidence, 51_000).findings);
  await keep('r2', 1, bootStory().evidence, [], false);
  await keep('r3', 1, stuck.evidence, found.findings);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function get(path: string, role: TokenRole = 'viewer') {
  const response = await fetch(`${url}/api/v1/machines/${path}`, {
    headers: { authorization: `Bearer ${service.tokens[role]}` },
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
const json = async (path: string) => JSON.parse((await get(path)).bytes.toString());

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function cli(args: readonly string[], role: TokenRole = 'operator'): Promise<Ended> {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, BOOTWRIGHT_URL: url, BOOTWRIGHT_TOKEN_FILE: join(folder, role) };
  const child = spawn(process.execPath, [COMMAND, 'doctor', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

describe('boot attempts', () => {
  it('are listed newest first, in pages', async () => {
    const first = await json('m1/boot-attempts?limit=2');
    expect(first.items.map(({ runId, round }: { runId: string; round: number }) => `${runId}.${round}`)).toEqual([
      'r3.1',
      'r2.1',
    ]);
    const second = await json(`m1/boot-attempts?limit=2&cursor=${first.next}`);
    expect(second.items.map(({ round }: { round: number }) => round)).toEqual([2, 1]);
    expect(second.next).toBeNull();
    expect((await get('m1/boot-attempts?cursor=nonsense')).status).toBe(400);
  });

  it('tell how far each came, and what was wrong', async () => {
    const stuck = bootAttemptSchema.parse(await json('m1/boot-attempts/r1/1'));
    expect(stuck).toMatchObject({ reached: 'loader-asked', passes: 1, packets: 1 });
    expect(stuck.stages.map(({ stage }) => stage)).toEqual(['asked', 'offered', 'taken', 'loader-asked']);
    expect(Date.parse(stuck.stages[0]?.at ?? '') - Date.parse(stuck.startedAt)).toBe(2000);
    expect(stuck.findings).toMatchObject([{ code: 'size-probe-only', severity: 'error', overAt: null }]);
    const through = bootAttemptSchema.parse(await json(`${machineId}/boot-attempts/r1/2`));
    expect(through).toMatchObject({ reached: 'files', findings: [{ code: 'size-probe-only' }] });
    expect(through.findings[0]?.overAt).not.toBeNull();
    expect(bootAttemptSchema.parse(await json('m1/boot-attempts/r2/1'))).toMatchObject({
      ...{ reached: null, reachedText: 'nothing was heard of the machine', endedAt: null, findings: [] },
    });
  });

  it('give their packets to operators, as a file with a name', async () => {
    const { status, headers, bytes } = await get('m1/boot-attempts/r1/1/packets', 'operator');
    expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      200,
      'application/vnd.tcpdump.pcap',
      'attachment; filename="m1-r1-1.pcap"',
    ]);
    expect(bytes).toEqual(packetFile());
    expect((await get('m1/boot-attempts/r1/1/packets', 'viewer')).status).toBe(403);
  });

  it('that are not there are 404', async () => {
    for (const path of [
      'm1/boot-attempts/r1/3',
      'm1/boot-attempts/r1/3/packets',
      'm1/boot-attempts/r9/1',
      'm9/boot-attempts',
    ])
      expect((await get(path, 'operator')).status, path).toBe(404);
    expect((await get('m1/boot-attempts/r1/0')).status).toBe(400);
  });
});

describe('bootwright doctor', () => {
  it('prints a verdict with what to do, and ends with 1', async () => {
    const { code, out } = await cli(['m1'], 'viewer');
    expect(code).toBe(1);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^network boot of m1, run r3, round 1: armed .*, ended after 55\.0 s$/);
    expect(lines.slice(1, 5)).toEqual([
      '    2.0 s  the firmware asked to boot',
      '    2.0 s  a boot loader was offered',
      '    2.0 s  the offer was taken',
      '    2.0 s  the boot loader was asked for',
    ]);
    expect(lines[5]).toMatch(/^ {3}25\.0 s {2}the firmware asked how large ipxe\.efi is.*\(size-probe-only\)$/);
    expect(lines.at(-1)).toMatch(/smaller loader/);
  });

  it('says of a boot that got over its trouble that nothing is wrong', async () => {
    const { code, out } = await cli(['m1', '--run', 'r1', '--round', '2']);
    expect([code, out.includes('size-probe-only, over since 50.0 s')]).toEqual([0, true]);
    expect(out).toContain('all that is booted was fetched');
    expect((await cli(['m1', '--run', 'r1'])).out).toContain('round 2');
  });

  it('says of silence what it is', async () => {
    const { code, out } = await cli(['m1', '--run', 'r2']);
    expect([code, out.includes('armed still'), out.includes('nothing wrong so far')]).toEqual([0, true, true]);
  });

  it('writes packets that only their owner may read', async () => {
    const file = join(folder, 'boot.pcap');
    const { code, err } = await cli(['m1', '--run', 'r1', '--round', '1', '--pcap', file]);
    expect([code, err.includes(`1 packet written to ${file}`)]).toEqual([1, true]);
    expect(decodePcapFile(readFileSync(file)).records).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await cli(['m1', '--pcap', file], 'viewer')).code).toBe(5);
  });

  it('speaks JSON to programs, and lists', async () => {
    const { code, out } = await cli(['m1', '--run', 'r1', '--round', '1', '--json']);
    expect([code, bootAttemptSchema.parse(JSON.parse(out)).runId]).toEqual([1, 'r1']);
    const list = (await cli(['m1', '--list'])).out.split('\n');
    expect(list[0]).toMatch(/^RUN +ROUND +ARMED +FOR +PACKETS +REACHED +FOUND$/);
    expect(list.slice(1, 5).map((line) => line.split(/ +/)[0])).toEqual(['r3', 'r2', 'r1', 'r1']);
  });

  it('refuses what makes no sense', async () => {
    expect(await cli(['m1', '--round', '1'])).toMatchObject({ code: 2 });
    expect(await cli(['m1', '--run', 'r7'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('no boot attempt of run r7'),
    });
    expect(await cli(['nobody'])).toMatchObject({ code: 1 });
  });
});
