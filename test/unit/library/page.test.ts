import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quirks } from '../../../src/drivers/bmc/ipmi/quirks.ts';
import { EXAMPLES, PAGE, renderPage } from './page.ts';
import { createLibraryRig } from './rig.ts';

// As it is to be: whether it is so is the first test's question.
const page = renderPage(readFileSync(PAGE, 'utf8'));

describe('the library’s page', () => {
  it('has its examples and tables as they are in the code; `-u` brings it up to date', async () => {
    await expect(page).toMatchFileSnapshot(PAGE);
  });

  it('would not be the same with another example, quirk or default', () => {
    expect(renderPage(page.replace('createIpmi()', 'createIpmi(1)'))).toBe(page);
    expect(renderPage(page.replace('| `inner-checksums` |', '| `another` |'))).toBe(page);
    expect(page).toContain('Default 20000 ms.');
    for (const { name } of quirks) expect(page).toContain(`| \`${name}\` |`);
  });

  it('shows every example, and no code of its own', () => {
    const shown = [...page.matchAll(/^<!-- example (\S+) -->\n```ts$/gm)].map((match) => match[1]);
    expect(shown.toSorted()).toEqual(readdirSync(EXAMPLES).toSorted());
    expect(page.match(/^```ts$/gm)).toHaveLength(shown.length);
  });

  it('names every method of a client', async () => {
    await using rig = await createLibraryRig();
    const client = await rig.open();
    const methods = Object.entries(client).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(methods.length).toBeGreaterThan(25);
    const table = page.slice(page.indexOf('## Methods'), page.indexOf('## Errors'));
    expect(methods.filter((name) => !table.includes(`\`${name}(`))).toEqual([]);
  });

  it('has every heading that it links to', () => {
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^a-z ]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1]);
    expect(links.filter((link) => link === undefined || !headings.includes(link))).toEqual([]);
  });
});
