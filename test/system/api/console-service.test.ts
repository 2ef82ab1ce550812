import { describe, expect, it } from 'vitest';
import type { ConsoleMatchesBody, ConsolePageBody } from '../../../src/api/schema/console.ts';
import { openConsoleClient } from '../../support/console-client.ts';
import { createRig, onlyMachine, type Rig, until } from '../service/rig.ts';

// The service as a process of its own before a simulated machine that speaks on its serial line.

async function consoleOf(rig: Rig, runId: string): Promise<string> {
  const headers = { authorization: `Bearer ${rig.token}` };
  const response = await fetch(`${rig.url}/api/v1/runs/${runId}/console`, { headers });
  expect(response.status).toBe(200);
  return await response.text();
}

async function textOf(rig: Rig, name: string): Promise<ConsolePageBody['items']> {
  return ((await rig.api.call('GET', `/machines/${name}/console/text`)).body as ConsolePageBody).items;
}

describe.concurrent('a machine whose console is recorded', () => {
  it('keeps the console of a run with it, while somebody looks on', { timeout: 60_000 }, async ({ expect }) => {
    await using rig = await createRig({ declared: { console: { record: 'runs' } } });
    const { name } = onlyMachine(rig);
    const client = await openConsoleClient(`${rig.url.replace('http', 'ws')}/api/v1/machines/${name}/console`, {
      authorization: `Bearer ${rig.token}`,
    });
    const run = await rig.run(name, { kind: 'boot' });
    expect(run.state).toBe('succeeded');
    await client.until('a login prompt', () => client.text().includes(`${name} login: `));
    for (const text of ['Simulated firmware', 'Linux version', 'Please enter passphrase'])
      expect(client.text()).toContain(text);
    await until('the text is kept', async () => (await consoleOf(rig, run.id)).includes('Reached target'));
    const kept = await consoleOf(rig, run.id);
    expect(kept).toContain('Simulated firmware');
    const found = await rig.api.call('GET', `/machines/${name}/console/search?text=LINUX%20version&run=${run.id}`);
    expect((found.body as ConsoleMatchesBody).items).toMatchObject([{ runId: run.id }]);
    expect(kept).not.toContain(rig.token);
    client.socket.close();
  });

  it('keeps it when the service is killed in the run, and goes on by offset', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using rig = await createRig({ declared: { console: {} } });
    const { name, machine } = onlyMachine(rig);
    const { id } = await rig.api.place(name, { kind: 'boot' });
    await until('firmware is kept', async () => (await consoleOf(rig, id)).includes('Simulated firmware'));
    await rig.service().kill();
    await rig.restart();
    expect((await rig.api.ended(id)).state).toBe('succeeded');
    await machine.reached('stage-3', AbortSignal.timeout(10_000));
    expect(await consoleOf(rig, id)).toContain('Simulated firmware');
    // The controller still has the console of the killed process, and nothing is taken but by somebody's order.
    const path = `/machines/${name}/console`;
    expect((await rig.api.call('POST', `${path}/reconnect`, { steal: true })).status).toBe(204);
    await until('the mark is kept', async () => (await textOf(rig, name)).some(({ lost }) => lost !== null));
    let end = 0;
    for (const { offset, text } of await textOf(rig, name)) {
      expect(offset).toBeGreaterThanOrEqual(end);
      end = offset + Buffer.byteLength(text);
    }
    const why = (await textOf(rig, name)).map(({ lost }) => lost);
    expect(why).toContain('nobody watched the console before this point');
  });
});
