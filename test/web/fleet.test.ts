import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../src/domain/machine.ts';
import { driveRun } from './scripted-run.ts';
import { openSite, type Site } from './site.ts';
import { order, see } from './story.ts';

const MANY = 1000;

let site: Site;
const machines: Machine[] = [];
beforeAll(async () => {
  site = await openSite();
  for (let number = 1; number <= MANY; number++) {
    machines.push(await site.declare(`node-${String(number).padStart(4, '0')}`, number));
  }
}, 120_000);
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

function machine(number: number): Machine {
  const found = machines[number - 1];
  if (found === undefined) throw new Error(`there is no machine ${number}`);
  return found;
}

describe(`a fleet of ${MANY}`, () => {
  it('is shown whole, and follows every machine without drawing the others again', async () => {
    const { page, errors } = await site.signedIn('/');
    const { store } = site.service;
    const rows = page.getByRole('main').getByRole('listitem');
    await page.getByRole('button', { name: `All ${MANY}`, exact: true }).waitFor();
    expect(await rows.count()).toBe(MANY);
    await see(store, machine(3), 'off');
    const third = rows.nth(2);
    await third.getByText('off', { exact: true }).waitFor();

    // Each drawing of a row makes the link to its machine; from here on the names are noted as they are put into links.
    await page.evaluate(`{
      window.drawn = new Set();
      const escape = window.encodeURIComponent;
      window.encodeURIComponent = (text) => {
        if (text.startsWith('node-')) window.drawn.add(text);
        return escape(text);
      };
    }`);
    await see(store, machine(3), '1');
    await third.getByText('stage 1, initrd').waitFor();
    const run = await driveRun(store, await order(store, machine(7), { kind: 'boot' }));
    await run.enter();
    await rows.nth(6).getByText('power-on, 1 of 4').waitFor();
    await run.fail({ code: 'unreachable', message: 'the BMC did not answer', step: 'power-on' });
    await rows.nth(6).getByText('failed').waitFor();
    await rows.nth(6).getByText('unreachable').waitFor();
    expect(await page.evaluate('[...window.drawn].sort()')).toEqual(['node-0003', 'node-0007']);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('is searched by name and address and filtered by stage, and the address of the page says how', async () => {
    const { page, errors } = await site.signedIn('/');
    await see(site.service.store, machine(120), '4');
    const rows = page.getByRole('main').getByRole('listitem');
    await page.getByLabel('Search').fill('node-012');
    await page.getByRole('button', { name: 'All 10', exact: true }).waitFor();
    await page.getByRole('button', { name: '4 session 1' }).click();
    expect(await rows.allInnerTexts()).toEqual([expect.stringContaining('node-0120')]);
    expect(new URL(page.url()).search).toBe('?q=node-012&stage=4');
    await page.reload();
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
    // One that moves into the stage joins the list, live.
    await see(site.service.store, machine(121), '4');
    await rows.nth(1).getByText('node-0121').waitFor();
    await page.getByRole('button', { name: 'All 10', exact: true }).click();
    await page.getByLabel('Search').fill('no such machine');
    await page.getByText('No machine matches.').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('gives its connection back while nobody looks, and is up to date when somebody does', async () => {
    const { page, errors } = await site.open();
    await page.clock.install();
    await page.goto('/?q=node-03');
    await page.getByLabel('Access token').fill(site.service.tokens.viewer);
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    const look = (hidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await look(true);
    await page.clock.fastForward(20_000);
    expect(await page.getByText('Live', { exact: true }).isVisible()).toBe(true);
    await page.clock.fastForward(11_000);
    await page.getByText('Resting').waitFor();
    await see(site.service.store, machine(300), '4');
    await look(false);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('stage 4, session').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('says that the connection is lost, and shows what happened meanwhile when it is back', async () => {
    const { page, errors } = await site.signedIn('/?q=node-02');
    await page.getByText('Live', { exact: true }).waitFor();
    site.link.cut();
    await page.getByText('Connection lost.').waitFor();
    await see(site.service.store, machine(200), '2');
    await site.service.store.machines.remove(machine(201).id, 'test');
    site.link.mend();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText('stage 2, set-up').waitFor();
    await page.getByRole('link', { name: 'node-0201' }).waitFor({ state: 'detached' });
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
