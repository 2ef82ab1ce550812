import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** A page, and everything it complained about. */
export type WatchedPage = {
  readonly page: Page;
  /** Errors of scripts, of the console, and violations of the Content-Security-Policy. */
  readonly errors: readonly string[];
};

/** Debian's Chromium, without anything that would speak to the outside. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--no-first-run',
      '--disable-quic',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/**
 * A page with cookies of its own. An answer that is no success makes the browser write a line of its own about the resource; what the
 * page does with it is the test's matter, so those lines are not counted as errors.
 */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`script: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) errors.push(`console: ${text}`);
  });
  await page.exposeFunction('noteViolation', (text: string) => errors.push(`policy: ${text}`));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (event) =>
       window.noteViolation(event.violatedDirective + ' ' + event.blockedURI));`,
  );
  return { page, errors };
}
