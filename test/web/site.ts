import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { build } from 'vite';
import { createParseMachineSpec } from '../../src/config/parse-machine.ts';
import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { TokenRole } from '../../src/domain/ports/tokens.ts';
import { type ApiService, startApiService, testMachine } from '../support/api-service.ts';
import { launchBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { type CuttableLink, openLink } from './cuttable-link.ts';

/** The pages, freshly built, served by the real API over a real store, and a browser that looks at them. */
export type Site = AsyncDisposable & {
  readonly service: ApiService;
  /** Between the browser and the service. */
  readonly link: CuttableLink;
  readonly browser: Browser;
  /** A page that nobody is signed in on. */
  open(options?: BrowserContextOptions): Promise<WatchedPage>;
  /** A page that is signed in, at a path. */
  signedIn(path: string, role?: TokenRole, options?: BrowserContextOptions): Promise<WatchedPage>;
  declare(name: string, number: number, change?: Partial<MachineSpec>): Promise<Machine>;
};

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-web-'));
  await build({
    configFile: join(import.meta.dirname, '../../src/web/vite.config.ts'),
    build: { outDir: folder },
    logLevel: 'error',
  });
  const service = await startApiService({ webFolder: folder });
  const link = await openLink(await service.listen());
  const browser = await launchBrowser();
  const parse = createParseMachineSpec({ commands: false });
  const open = (options?: BrowserContextOptions): Promise<WatchedPage> => openPage(browser, link.url, options);
  return {
    service,
    link,
    browser,
    open,
    async signedIn(path, role = 'admin', options) {
      const watched = await open(options);
      await watched.page.goto(path);
      await watched.page.getByLabel('Access token').fill(service.tokens[role]);
      await watched.page.getByRole('button', { name: 'Sign in' }).click();
      await watched.page.getByRole('button', { name: 'Sign out' }).waitFor();
      return watched;
    },
    declare: (name, number, change = {}) =>
      service.store.machines.declare(
        { ...parse({ ...testMachine(name, 1), ...address(number) }), ...change },
        'api',
        'test',
      ),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await link[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Addresses for some ten thousand machines. */
function address(number: number): { macs: string[]; address: string } {
  const [high, low] = [number >> 8, number & 0xff];
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  return { macs: [`52:54:00:77:${hex(high)}:${hex(low)}`], address: `10.77.${high}.${low}` };
}
