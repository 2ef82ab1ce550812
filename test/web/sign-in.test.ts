import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSite, type Site } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
});

describe('sign-in', () => {
  it('says why a token is not taken, and asks again', async () => {
    const { page, errors } = await site.open();
    await page.goto('/');
    const field = page.getByLabel('Access token');
    const said = page.getByRole('alert');
    await field.fill('secret');
    await page.keyboard.press('Enter');
    await said.getByText('does not look like one').waitFor();
    expect(await field.inputValue()).toBe('');
    expect(await field.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    await field.fill(`bw_${'0'.repeat(32)}`);
    await page.keyboard.press('Enter');
    await said.getByText('not known').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('trades the token for a cookie that scripts cannot read, and keeps the token nowhere', async () => {
    const { page, errors } = await site.signedIn('/machines/nowhere');
    const token = site.service.tokens.admin;
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.body.innerHTML])',
    );
    expect(kept).not.toContain(token);
    expect(JSON.parse(String(kept)).slice(0, 3)).toEqual([{}, {}, '']);
    const cookies = await page.context().cookies(`${site.link.url}/api/`);
    expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    // The page asked for before signing in is the one that is shown, and survives a reload without the token.
    await page.getByText(/no machine/i).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'nowhere' }).waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('signs out: the cookie is worth nothing any more', async () => {
    const { page, errors } = await site.signedIn('/');
    const [cookie] = await page.context().cookies(`${site.link.url}/api/`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    const answer = await fetch(`${site.link.url}/api/v1/whoami`, {
      headers: { Cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(answer.status).toBe(401);
    await page.reload();
    await page.getByLabel('Access token').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('asks for the token again when the session ended elsewhere', async () => {
    const { page, errors } = await site.signedIn('/');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.context().clearCookies();
    site.link.cut();
    site.link.mend();
    await page.getByText('The session is over.').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
