import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createParseMachineSpec } from '../../../src/config/parse-machine.ts';
import { type ApiService, startApiService, testHostKey, testMachine } from '../../support/api-service.ts';

const COMMAND = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'bootwright.ts');
const folder = mkdtempSync(join(tmpdir(), 'bootwright-netboot-cli-'));
const UUID = '11111111-2222-3333-4444-555555555555';
const AT = Date.parse('2026-01-31T12:00:00.000Z');

let service: ApiService;
let url: string;
beforeAll(async () => {
  service = await startApiService();
  url = await service.listen();
  writeFileSync(join(folder, 'token'), service.tokens.admin, { mode: 0o600 });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function cli(...args: readonly string[]): Promise<Ended> {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    BOOTWRIGHT_URL: url,
    BOOTWRIGHT_TOKEN_FILE: join(folder, 'token'),
  };
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

async function seen(mac: string, hostname: string | null = null, uuid = UUID): Promise<void> {
  const now = Date.now();
  const facts = {
    uuids: [uuid],
    architectures: [{ value: 7, name: 'x64 UEFI' }],
    ...({ client: 'pxe', loader: 'firmware', board: null, vendorClass: null, userClasses: [], hostname } as const),
    interface: 'eno1',
    relay: { address: '10.9.0.1', circuitId: 'Gi1/0/7', remoteId: null },
    askedAddress: null,
  };
  await service.store.discovered.record([{ mac, facts, firstSeenAt: now, lastSeenAt: now, requests: 1, boots: 3 }]);
}

describe('discovered', () => {
  it('lists, ignores and forgets', async () => {
    await seen('52:54:00:99:00:01', 'evil\u202ename');
    await seen('52:54:00:99:00:02');
    const { code, out } = await cli('discovered');
    expect(code).toBe(0);
    const [heading, first] = out.split('\n');
    expect(heading).toMatch(/^MAC +UUID +ARCHITECTURE +ASKED BY +HOSTNAME +SEEN ON +BOOTS +LAST SEEN$/);
    expect(first).toMatch(
      new RegExp(`^52:54:00:99:00:01 +${UUID} +x64 UEFI +firmware +evil\ufffdname +eno1 by 10.9.0.1 Gi1/0/7 +3 +20`),
    );
    expect(await cli('discovered', 'ignore', '52:54:00:99:00:02')).toMatchObject({ code: 0 });
    const all = JSON.parse((await cli('--json', 'discovered', 'list', '--all')).out);
    expect(all.map(({ ignoredAt }: { ignoredAt: string | null }) => ignoredAt !== null)).toEqual([false, true]);
    expect((await cli('discovered', 'list', '--all')).out).toContain('IGNORED SINCE');
    expect((await cli('discovered')).out).not.toContain('99:00:02');
    expect(await cli('discovered', 'unignore', '52:54:00:99:00:02')).toMatchObject({ code: 0 });
    expect(await cli('discovered', 'forget', '52:54:00:99:00:02')).toEqual({
      code: 0,
      out: '52:54:00:99:00:02 forgotten\n',
      err: '',
    });
    const gone = await cli('discovered', 'forget', '52:54:00:99:00:02');
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('comes back when it asks again')]);
  });

  it('approves by options alone, with all cards of the machine or some', async () => {
    const own = '22222222-2222-3333-4444-555555555555';
    for (const n of [3, 4]) await seen(`52:54:00:99:00:0${n}`, null, own);
    const options = ['--name', 'n-one', '--address', '10.77.0.1', '--host-key', testHostKey(3)];
    const more = ['--identity', 'file:/keys/3', '--bmc', 'admin@10.77.1.1', '--bmc-password', 'env:BMC'];
    expect(await cli('discovered', 'approve', '52:54:00:99:00:04', ...options, ...more)).toEqual({
      code: 0,
      out: 'machine n-one declared with 52:54:00:99:00:04, 52:54:00:99:00:03\n',
      err: '',
    });
    const { spec } = await service.store.machines.get('n-one');
    expect(spec.bmcs).toEqual([{ protocol: 'ipmi', user: 'admin', host: '10.77.1.1', password: 'env:BMC' }]);
    expect((await cli('discovered', 'approve', '52:54:00:99:00:04', '--bmc', 'admin@h')).code).toBe(2);
    expect((await cli('discovered', 'approve', '52:54:00:99:00:04', '--only', '--mac', 'x')).code).toBe(2);
  });

  it('approves by a file that several machines share, options first', async () => {
    await seen('52:54:00:99:00:05');
    await seen('52:54:00:99:00:06');
    const { macs: _macs, name: _name, ...rest } = testMachine('x', 2);
    writeFileSync(join(folder, 'rack.yaml'), stringify(rest));
    const args = ['discovered', 'approve', '52:54:00:99:00:05', '-f', join(folder, 'rack.yaml'), '--only'];
    const lacking = await cli(...args);
    expect([lacking.code, lacking.err]).toEqual([1, expect.stringContaining('name')]);
    const { code, out } = await cli('--json', ...args, '--name', 'n-two', '--address', '10.77.0.9');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      name: 'n-two',
      spec: { macs: ['52:54:00:99:00:05'], address: '10.77.0.9', session: { user: 'alice' } },
    });
  });
});

it('loaders shows what was learnt, and forgets it', async () => {
  const spec = createParseMachineSpec({ commands: false })(testMachine('l-one', 20));
  await service.store.machines.declare(spec, 'api', 'test');
  expect((await cli('loaders', 'l-one')).out).toBe('nothing was learnt yet\n');
  const mac = spec.macs[0] ?? '';
  await service.store.loaderMemory.remember({ mac, architecture: 7, loader: 'ipxe.efi', provenAt: AT });
  expect((await cli('loaders', 'l-one')).out).toContain(`${mac}  7             ipxe.efi  2026-01-31T12:00:00.000Z  -`);
  expect(JSON.parse((await cli('--json', 'loaders', 'l-one')).out).items).toHaveLength(1);
  expect(await cli('loaders', 'l-one', '--forget')).toEqual({
    code: 0,
    out: 'what loaders l-one boots with is forgotten\n',
    err: '',
  });
  expect(await service.store.loaderMemory.ofMac(mac)).toEqual([]);
});
