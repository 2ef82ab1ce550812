import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { driveRun } from './scripted-run.ts';
import { openSite, type Site } from './site.ts';
import { buildFailed, order, strangerAnswered, updateInBuild } from './story.ts';

let site: Site;
let number = 0;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

const declare = () => {
  number += 1;
  return site.declare(`m${number}`, number, { session: { user: 'alice' } });
};

/** The timeline as it is drawn, oldest first, observations included. */
async function timeline(page: Page): Promise<string[]> {
  const rows = page.locator('.event .what strong');
  return (await rows.allTextContents()).reverse();
}

describe('a run', () => {
  it('is followed live: plan, timeline and build output, without a reload', async () => {
    const { store } = site.service;
    const run = await updateInBuild(store, await declare());
    const { page, errors } = await site.signedIn(`/runs/${run.id}`, 'viewer');
    await page.getByRole('heading', { name: 'Update running' }).waitFor();
    await page.evaluate('window.stayed = true');
    const active = page.locator('[aria-current="step"]');
    expect(await active.textContent()).toContain('activate');
    await page.getByText('Disk cryptroot unlocked').waitFor();
    const output = page.getByRole('log', { name: 'Build output' });
    await output.getByText('building linux-6.12 – überprüft').waitFor();

    await run.output('activating');
    await run.output(' the configuration...\n');
    await output.getByText('activating the configuration...').waitFor();
    await run.done({ toplevel: '/nix/store/abc-nixos', changed: true });
    await run.enter();
    await page.locator('[aria-current="step"]', { hasText: 'reboot' }).waitFor();
    await page.getByText('/nix/store/abc-nixos').waitFor();
    for (let step = 6; step < 11; step++) {
      await run.done();
      await run.enter(step);
    }
    await run.done();
    await run.succeed();
    await page.getByRole('heading', { name: 'Update succeeded' }).waitFor();
    await page.getByText('Complete', { exact: true }).waitFor();
    expect(await page.locator('.plan li.plan-done').count()).toBe(11);
    expect(await page.evaluate('window.stayed')).toBe(true);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('misses nothing and doubles nothing when the feed is cut again and again', async () => {
    const { store } = site.service;
    const run = await driveRun(store, await order(store, await declare(), { kind: 'boot' }));
    const { page, errors } = await site.signedIn(`/runs/${run.id}`);
    await run.enter();
    const why: string[] = [];
    for (let cut = 1; cut <= 4; cut++) {
      await page.getByText('Live', { exact: true }).waitFor();
      const tell = async (text: string): Promise<void> => {
        why.push(text);
        await run.tell({ type: 'step.waited', data: { why: text } });
      };
      await tell(`seen ${cut}`);
      await page.getByText(`seen ${cut}`, { exact: true }).waitFor();
      site.link.cut();
      await page.getByText('Connection lost.').waitFor();
      await tell(`missed ${cut} a`);
      await tell(`missed ${cut} b`);
      site.link.mend();
      await page.getByRole('button', { name: 'Try now' }).click();
      await page.getByText(`missed ${cut} b`, { exact: true }).waitFor();
    }
    await run.done();
    await run.succeed();
    await page.getByRole('heading', { name: 'Boot succeeded' }).waitFor();
    const details = (await page.locator('.event .what .detail').allTextContents()).map((text) => text.trim()).reverse();
    expect(details.filter((text) => /seen|missed/.test(text))).toEqual(why);
    expect((await timeline(page)).slice(0, 3)).toEqual(['Run ordered: boot', 'Run started', 'Begins']);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('that met another host key says both fingerprints and what to do', async () => {
    const run = await strangerAnswered(site.service.store, await declare());
    const { page, errors } = await site.signedIn(`/runs/${run.id}`);
    const failure = page.getByRole('alert', { name: 'Why it failed' });
    await failure.getByText('host-key-changed').waitFor();
    const text = await failure.textContent();
    for (const part of ['SHA256:Evil0000', 'stage 1: SHA256:Good1111', 'What to do: If the machine was reinstalled']) {
      expect(text).toContain(part);
    }
    expect(await page.locator('.plan li.plan-failed').textContent()).toContain('unlock');
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it("whose build failed shows the compiler's last lines", async () => {
    const run = await buildFailed(site.service.store, await declare());
    const { page, errors } = await site.signedIn(`/runs/${run.id}`);
    const failure = page.getByRole('alert', { name: 'Why it failed' });
    await failure.getByText('error: expected ; before return').waitFor();
    await failure.getByText('the machine is untouched').waitFor();
    expect(await page.getByRole('log', { name: 'Build output' }).textContent()).toContain('Makefile:4');
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('is cancelled by its button, after a question', async () => {
    const { store } = site.service;
    const run = await driveRun(store, await order(store, await declare(), { kind: 'boot' }));
    await run.enter();
    const { page, errors } = await site.signedIn(`/runs/${run.id}`, 'operator');
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await store.runs.get(run.id)).cancelRequestedAt).toBeNull();
    await page.getByRole('button', { name: 'Cancel run…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    await page.getByText('Cancelling…').waitFor();
    expect((await store.runs.get(run.id)).cancelRequestedAt).not.toBeNull();
    await run.cancelled();
    await page.getByRole('heading', { name: 'Boot cancelled' }).waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('that does not exist is said to', async () => {
    const { page, errors } = await site.signedIn('/runs/nosuchrun');
    await page.getByRole('alert').getByText('There is no run nosuchrun').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
