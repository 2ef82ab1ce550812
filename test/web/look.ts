import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { driveRun } from './scripted-run.ts';
import { openSite, type Site } from './site.ts';
import {
  buildFailed,
  order,
  see,
  stranger,
  strangerAnswered,
  stuckBoots,
  updateInBuild,
  uploadAsset,
} from './story.ts';

// node test/web/look.ts FOLDER: pictures of every page, for people to look at: wide and narrow, light and dark.

const RELAY = { address: '10.78.0.1', circuitId: 'ge-0/0/17', remoteId: 'rack3-switch' };
const folder = process.argv[2] ?? '/tmp/bootwright-pages';
mkdirSync(folder, { recursive: true });
await using site = await openSite();
const paths = await makeFleet(site);
const views = [
  { name: 'wide-light', width: 1280, height: 860, colorScheme: 'light' },
  { name: 'wide-dark', width: 1280, height: 860, colorScheme: 'dark' },
  { name: 'narrow-light', width: 390, height: 844, colorScheme: 'light' },
  { name: 'narrow-dark', width: 390, height: 844, colorScheme: 'dark' },
] as const;

for (const { name, width, height, colorScheme } of views) {
  const { page, errors } = await site.signedIn('/', 'admin', { viewport: { width, height }, colorScheme });
  for (const [what, path] of Object.entries(paths)) {
    await page.goto(path);
    await page.getByText(/^(Live|Complete|\d+ assets?, .*)$/).waitFor();
    await picture(page, `${what}-${name}`);
    if (what !== 'machine') continue;
    await page.getByRole('button', { name: 'Rebuild…' }).click();
    await picture(page, `dialog-${name}`, false);
    await page.keyboard.press('Escape');
  }
  await page.goto('/');
  await page.getByText('Live', { exact: true }).waitFor();
  site.link.cut();
  await page.getByText('Connection lost.').waitFor();
  await picture(page, `lost-${name}`, false);
  site.link.mend();
  await page.getByText('Live', { exact: true }).waitFor({ timeout: 20_000 });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').fill('bw_nonsense');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await picture(page, `sign-in-${name}`, false);
  if (errors.length > 0) console.log(name, errors);
  await page.context().close();
}
console.log(`pictures are in ${folder}`);

async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 400);
  await promise;
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}

async function makeFleet({ service: { store, assets }, declare }: Site): Promise<Record<string, string>> {
  const session = { session: { user: 'alice' } };
  const stages = ['off', '0', '1', '2', '3', '4', 'off', '4', '4', '3'] as const;
  for (const [index, stage] of stages.entries()) {
    await see(store, await declare(`rack1-n${String(index + 1).padStart(2, '0')}`, index + 10, session), stage);
  }
  await declare('attic-box', 40, { bmcs: [], disks: [] });
  const updating = await updateInBuild(store, await declare('rack2-n01', 50, session));
  await updating.output(
    Array.from({ length: 60 }, (_, line) => `[${line}/311 built] building linux-6.12.58\n`).join(''),
  );
  const answered = await strangerAnswered(store, await declare('rack2-n02', 51));
  const workshop = await declare('workshop-nas-with-a-rather-long-name-indeed', 52, session);
  await stuckBoots(store, workshop);
  const failed = await buildFailed(store, workshop);
  const boot = await driveRun(store, await order(store, workshop, { kind: 'boot' }));
  await boot.enter();
  await boot.done();
  await boot.succeed();
  const busy = await driveRun(store, await order(store, await declare('rack2-n03', 53), { kind: 'boot' }));
  await busy.enter();
  await busy.sees({ power: 'on' }, '0');
  const kernel = await uploadAsset(assets, 'rack1/kernel', 'k'.repeat(9_000_000));
  await uploadAsset(assets, 'rack1/initrd-with-a-rather-long-name-6.12.58', 'i'.repeat(31_000_000));
  await uploadAsset(assets, 'rescue/initrd', 'r'.repeat(700));
  await assets.pin(kernel, true);
  await store.discovered.record([
    stranger(1),
    stranger(2),
    { ...stranger(3), facts: { ...stranger(3).facts, relay: RELAY } },
  ]);
  return {
    fleet: '/',
    assets: '/boot-assets',
    discovered: '/discovered',
    machine: '/machines/workshop-nas-with-a-rather-long-name-indeed',
    'machine-busy': '/machines/rack2-n01',
    'machine-poor': '/machines/attic-box',
    run: `/runs/${updating.id}`,
    'run-stranger': `/runs/${answered.id}`,
    'run-build-failed': `/runs/${failed.id}`,
  };
}
