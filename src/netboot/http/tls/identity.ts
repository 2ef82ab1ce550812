import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../../foundation/clock.ts';
import { ConfigError, errorText } from '../../../foundation/errors.ts';
import type { Log } from '../../../foundation/log.ts';
import type { KeyAndCertificates } from '../server.ts';

export type TlsIdentityOptions = {
  /** PEM files of a certificate with its chain, and of its key, which only its owner can read. Default: our own authority's. */
  readonly certificate?: { readonly certificateFile: string; readonly keyFile: string };
  /** Where our own authority is kept. */
  readonly folder: string;
  /** What the server is asked as; an unspecified address stands for all addresses of this host. */
  readonly addresses: readonly string[];
};

export type TlsIdentity = {
  readonly current: KeyAndCertificates;
  /** The authority's certificate, PEM; undefined where the certificate is given. */
  readonly authority: string | undefined;
  /** @returns what is to be used from now on, when that is another than before; faults are logged, and the old one stays */
  renewed(): Promise<KeyAndCertificates | undefined>;
};

const DAY_MS = 24 * 3600 * 1000;
const LIFETIME_MS = 90 * DAY_MS;
/** Renewed so long before the end, so that a fault in it is seen before it hurts. */
const EARLY_MS = 30 * DAY_MS;

/**
 * What our HTTPS server proves itself with. A server key of our own authority is made at each start and lives in memory only.
 * @throws ConfigError when what is on disk cannot be used
 */
export async function createTlsIdentity(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { certificate, folder, addresses }: TlsIdentityOptions,
): Promise<TlsIdentity> {
  // Only here: whoever serves no HTTPS does not load the library.
  const { checked, loadAuthority, readKeyFile } = await import('./authority.ts');
  return certificate === undefined ? ofAuthority() : ofFiles(certificate);

  async function ofAuthority(): Promise<TlsIdentity> {
    const { issueServer } = await import('./certificates.ts');
    const authority = await loadAuthority({ clock }, folder);
    const issue = async () => {
      const until = Math.min(clock.now() + LIFETIME_MS, authority.expiresAt);
      return issueServer(authority, namesOf(addresses), until);
    };
    let { key, certificate: cert, expiresAt } = await issue();
    return {
      get current() {
        return { key, cert };
      },
      authority: authority.certificate,
      async renewed() {
        if (clock.now() < expiresAt - EARLY_MS || expiresAt === authority.expiresAt) return undefined;
        ({ key, certificate: cert, expiresAt } = await issue());
        log.info({ expiresAt }, 'HTTPS certificate was renewed');
        return { key, cert };
      },
    };
  }

  async function ofFiles(files: NonNullable<TlsIdentityOptions['certificate']>): Promise<TlsIdentity> {
    const read = async (): Promise<KeyAndCertificates> => {
      const { certificateFile, keyFile } = files;
      const cert = await readFile(certificateFile, 'utf8').catch((cause: unknown) => {
        const details = { path: certificateFile };
        throw new ConfigError(`certificate ${certificateFile}: ${errorText(cause)}`, { cause, details });
      });
      return { key: checked(clock, await readKeyFile(keyFile), cert, certificateFile).key, cert };
    };
    let current = await read();
    return {
      get current() {
        return current;
      },
      authority: undefined,
      async renewed() {
        try {
          const now = await read();
          if (now.key === current.key && now.cert === current.cert) return undefined;
          current = now;
          log.info({ certificateFile: files.certificateFile }, 'HTTPS certificate was read anew');
          return current;
        } catch (error) {
          log.error({ error: errorText(error) }, 'HTTPS certificate could not be read anew; the one before stays');
          return undefined;
        }
      },
    };
  }
}

function namesOf(addresses: readonly string[]): readonly [string, ...string[]] {
  const names = addresses
    .flatMap((address) =>
      address === '0.0.0.0' || address === '::'
        ? Object.values(networkInterfaces()).flatMap((all) => all?.map((each) => each.address) ?? [])
        : [address],
    )
    .map((address) => address.replace(/%.*$/, ''));
  return [names[0] ?? 'localhost', ...names.slice(1)];
}
