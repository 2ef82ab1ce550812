import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSite, type Site } from './site.ts';
import { uploadAsset } from './story.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

it('assets are listed with what needs them, pinned, removed after a question, and collected', async () => {
  const { assets } = site.service;
  const kernel = await uploadAsset(assets, 'web1/kernel', 'a kernel');
  await uploadAsset(assets, 'web1/initrd', 'x'.repeat(5000));
  await site.declare('web1', 1, { netboot: { kernel: 'web1/kernel', initrds: [], commandLine: '' } });
  const { page, errors } = await site.signedIn('/');
  await page.getByRole('link', { name: 'Assets' }).click();
  await page.getByText('2 assets, 4.9 KiB').waitFor();
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await row('web1/kernel').getByText('declared for a machine').waitFor();
  await row('web1/initrd').getByText('may be collected').waitFor();
  expect(await row('web1/kernel').textContent()).toContain(kernel.slice(0, 16));
  expect(kernel).toBe(createHash('sha256').update('a kernel').digest('hex'));

  await page.getByRole('button', { name: 'Pin web1/initrd' }).click();
  await page.getByRole('status').getByText('web1/initrd is pinned.').waitFor();
  await page.getByRole('button', { name: 'Unpin web1/initrd' }).click();
  await page.getByRole('button', { name: 'Pin web1/initrd' }).waitFor();

  await page.getByRole('button', { name: 'Remove web1/kernel' }).click();
  const question = page.getByRole('dialog', { name: 'Remove web1/kernel?' });
  await question.getByRole('button', { name: 'Remove', exact: true }).click();
  await question
    .getByRole('alert')
    .getByText(/needed|needs/)
    .waitFor();
  await question.getByRole('button', { name: 'Keep as it is' }).click();
  await page.getByRole('button', { name: 'Remove web1/initrd' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('1 asset, 8 B').waitFor();
  expect((await assets.list()).map(({ names }) => names)).toEqual([['web1/kernel']]);

  await page.getByRole('button', { name: 'Collect garbage…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Collect', exact: true }).click();
  await page.getByRole('status').getByText('There was nothing to remove.').waitFor();

  await page.getByLabel('Search').fill('nothing like it');
  await page.getByText('No asset matches.').waitFor();
  // The refused removal is a 409, which the browser's console tells.
  expect(errors.filter((error) => !error.includes('409'))).toEqual([]);
  await page.context().close();
});

it('who may only read sees no buttons', async () => {
  const { page, errors } = await site.signedIn('/boot-assets', 'viewer');
  await page.getByText('web1/kernel').waitFor();
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0);
  expect(errors).toEqual([]);
  await page.context().close();
});
