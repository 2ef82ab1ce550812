import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSite, type Site } from './site.ts';
import { stranger } from './story.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

it('an unknown machine shows up live, is approved with all its cards, and the page goes to it', async () => {
  const { store } = site.service;
  const { page, errors } = await site.signedIn('/');
  await page.getByRole('link', { name: 'Discovered' }).click();
  await page.getByText('None so far.').waitFor();
  await store.discovered.record([stranger(1), stranger(2), stranger(3)]);
  const row = page.getByRole('listitem').filter({ hasText: 'Rack3 N01' });
  await row.waitFor();
  const text = await row.textContent();
  for (const part of ['52:54:00:99:00:01', 'x64 UEFI, PXE', '4c4c4544-0033-4a10', 'on eno1', '7 requests in 2 boots'])
    expect(text).toContain(part);
  expect(text).toContain('same machine as 52:54:00:99:00:02');

  await page.getByRole('button', { name: 'Approve 52:54:00:99:00:01' }).click();
  const question = page.getByRole('dialog', { name: 'Approve 52:54:00:99:00:01?' });
  expect(await question.getByLabel('Name').inputValue()).toBe('rack3-n01');
  const { stage3 } = (await site.declare('declared', 9)).spec;
  await question.getByLabel('Public host key').fill(stage3.hostKeys[0] ?? '');
  await question.getByLabel('private SSH key').fill('file:/etc/bootwright/id');
  await question.getByLabel('Address').fill('not an address');
  await question.getByRole('button', { name: 'Approve' }).click();
  await question.getByRole('alert').waitFor();
  await question.getByLabel('Address').fill('10.77.0.31');
  await question.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { name: 'rack3-n01' }).waitFor();
  const machine = (await store.machines.list()).find(({ spec }) => spec.name === 'rack3-n01');
  expect(machine?.spec.macs).toEqual(['52:54:00:99:00:01', '52:54:00:99:00:02']);

  await page.getByRole('link', { name: 'Discovered' }).click();
  await page.getByText('52:54:00:99:00:03').waitFor();
  expect(await page.getByRole('listitem').count(), 'the approved ones are gone').toBe(1);
  // The wrong address is a 400, which the browser's console tells.
  expect(errors.filter((error) => !error.includes('400'))).toEqual([]);
  await page.context().close();
});

it('is ignored, found among the ignored, shown again and forgotten', async () => {
  const { store } = site.service;
  const { page, errors } = await site.signedIn('/discovered');
  await page.getByRole('button', { name: 'Ignore 52:54:00:99:00:03', exact: true }).click();
  await page.getByText('None so far.').waitFor();
  await page.getByLabel('Show the ignored ones').check();
  await page.getByRole('button', { name: 'No longer ignore 52:54:00:99:00:03' }).click();
  await page.getByText('None is ignored.').waitFor();
  await page.getByLabel('Show the ignored ones').uncheck();
  await page.getByRole('button', { name: 'Forget 52:54:00:99:00:03' }).click();
  await page.getByText('None so far.').waitFor();
  expect(await store.discovered.list()).toEqual([]);
  expect(errors).toEqual([]);
  await page.context().close();
});

it('who may only read sees no buttons', async () => {
  await site.service.store.discovered.record([stranger(3)]);
  const { page, errors } = await site.signedIn('/discovered', 'viewer');
  await page.getByText('52:54:00:99:00:03').waitFor();
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
  expect(errors).toEqual([]);
  await page.context().close();
});
