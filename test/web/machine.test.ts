import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driveRun } from './scripted-run.ts';
import { openSite, type Site } from './site.ts';
import { order, see, stuckBoots } from './story.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

describe('a machine', () => {
  it('shows its declaration without where its secrets are, and its past on request', async () => {
    const { store } = site.service;
    const machine = await site.declare('declared', 1);
    const past = Array.from({ length: 340 }, (_, index) => ({
      type: 'step.waited' as const,
      source: 'step' as const,
      data: { why: `number ${index}` },
    }));
    await store.timeline.append(machine.id, past);
    const { page, errors } = await site.signedIn('/machines/declared');
    const card = page.getByRole('region', { name: 'Declaration' });
    await card
      .getByText(/SHA256:[A-Za-z0-9+/]{43}/)
      .first()
      .waitFor();
    const text = await card.textContent();
    for (const part of ['10.77.0.1', '52:54:00:77:00:01', 'cryptroot', 'github:owner/repo#declared', '10.77.1.1']) {
      expect(text).toContain(part);
    }
    for (const place of ['env:', 'file:', 'credential:', 'BMC_PASSWORD']) expect(text).not.toContain(place);

    const events = page.locator('.event');
    await page.getByText('number 339', { exact: true }).waitFor();
    expect(await events.count()).toBeLessThan(340);
    const more = page.getByRole('button', { name: 'Show earlier' });
    const first = page.getByText('Machine declared');
    while ((await first.count()) === 0) {
      const before = await events.count();
      await more.click();
      await expect.poll(() => events.count()).toBeGreaterThan(before);
    }
    expect(await more.count()).toBe(0);
    expect(await events.count()).toBe(341);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('shows what was wrong with its network boots, and hands out their packets', async () => {
    const machine = await site.declare('stuck', 8);
    await stuckBoots(site.service.store, machine);
    const { page, errors } = await site.signedIn('/machines/stuck', 'operator');
    const card = page.getByRole('region', { name: 'Network boots' });
    await card.getByText('The boot loader was asked for.').first().waitFor();
    const text = await card.textContent();
    expect(text).toMatch(/how large ipxe.efi is.*It got over that\./);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card.getByRole('link', { name: '17 packets' }).first().click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${machine.id}-run-a-2.pcap`);
    expect(errors).toEqual([]);
    await page.context().close();
    const viewer = await site.signedIn('/machines/stuck', 'viewer');
    await viewer.page.getByRole('region', { name: 'Network boots' }).waitFor();
    expect(await viewer.page.getByRole('link', { name: '17 packets' }).count()).toBe(0);
    await viewer.page.context().close();
  });

  it('is ordered to power off only after a question, once, and the page goes to the run', async () => {
    const { store } = site.service;
    const machine = await site.declare('powered', 2);
    const { page, errors } = await site.signedIn('/machines/powered', 'operator');
    await see(store, machine, '3');
    await page.getByText('stage 3, system').first().waitFor();
    await page.getByRole('button', { name: 'Off…', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Cut the power of powered?' });
    await question.getByRole('button', { name: 'Keep as it is' }).click();
    await question.waitFor({ state: 'detached' });
    expect(await store.runs.list({ machineId: machine.id })).toEqual([]);
    await page.getByRole('button', { name: 'Off…', exact: true }).click();
    await question.getByRole('button', { name: 'Off', exact: true }).dblclick();
    await page.getByRole('heading', { name: 'Power: off queued' }).waitFor();
    const runs = await store.runs.list({ machineId: machine.id });
    expect(runs.map(({ request, actor }) => ({ request, actor }))).toEqual([
      { request: { kind: 'power', verb: 'off' }, actor: 'the-operator' },
    ]);
    expect(page.url()).toContain(`/runs/${runs[0]?.id}`);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('is rebuilt as chosen, and a bad flake is refused in words', async () => {
    const { store } = site.service;
    const machine = await site.declare('rebuilt', 3);
    const { page, errors } = await site.signedIn('/machines/rebuilt');
    await page.getByRole('button', { name: 'Rebuild…' }).click();
    const question = page.getByRole('dialog');
    await question.getByLabel('Activation').selectOption('switch');
    await question.getByLabel('Flake').fill('github:owner/repo#host');
    await question.getByRole('button', { name: 'Rebuild' }).click();
    await question.getByRole('alert').getByText('the attribute is a field of its own').waitFor();
    await question.getByLabel('Flake').fill('github:owner/other');
    await question.getByRole('button', { name: 'Rebuild' }).click();
    await page.getByRole('heading', { name: 'Rebuild: switch queued' }).waitFor();
    const [run] = await store.runs.list({ machineId: machine.id });
    expect(run?.request).toEqual({ kind: 'rebuild', action: 'switch', flake: 'github:owner/other' });
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('takes no order while a run is active, and again when it has ended, live', async () => {
    const { store } = site.service;
    const machine = await site.declare('busy', 4);
    // What other tests ordered would be claimed first.
    for (const queued of await store.runs.list({ states: ['queued'] }))
      await store.runs.requestCancel(queued.id, 'test');
    const { page, errors } = await site.signedIn('/machines/busy');
    const boot = page.getByRole('button', { name: 'Boot', exact: true });
    await expect.poll(() => boot.isEnabled()).toBe(true);
    const run = await driveRun(store, await order(store, machine, { kind: 'boot' }));
    await run.enter();
    await page.getByText('Boot is running; another run can be ordered when it has ended.').waitFor();
    expect(await boot.isEnabled()).toBe(false);
    await run.done();
    await run.succeed();
    await expect.poll(() => boot.isEnabled()).toBe(true);
    await page.getByRole('region', { name: 'Recent runs' }).getByText('succeeded').waitFor();
    await order(store, machine, { kind: 'unlock' });
    await page.getByText('Unlock is queued').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('offers only what the role may do and the machine can do', async () => {
    await site.declare('poor', 5, { bmcs: [], disks: [] });
    const { page, errors } = await site.signedIn('/machines/poor', 'operator');
    await page.getByText('Some buttons are off').waitFor();
    const enabled = page.getByRole('region', { name: 'Order a run' }).locator('button:enabled');
    expect(await enabled.allInnerTexts()).toEqual(['Rebuild…']);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('that was refused by the service says why, in words', async () => {
    const { store } = site.service;
    const machine = await site.declare('raced', 6);
    const { page, errors } = await site.signedIn('/machines/raced');
    const boot = page.getByRole('button', { name: 'Boot', exact: true });
    await expect.poll(() => boot.isEnabled()).toBe(true);
    // The page learns of the other run only after its own order was refused.
    await page.route('**/api/v1/machines/raced/runs', async (route) => {
      await order(store, machine, { kind: 'unlock' });
      await route.continue();
    });
    await boot.focus();
    await page.keyboard.press('Enter');
    await page
      .getByRole('alert')
      .getByText(/active/)
      .waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
