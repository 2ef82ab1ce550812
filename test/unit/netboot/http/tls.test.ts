import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { ConfigError } from '../../../../src/foundation/errors.ts';
import { silentLog } from '../../../../src/foundation/log.ts';
import { loadAuthority } from '../../../../src/netboot/http/tls/authority.ts';
import { issueServer } from '../../../../src/netboot/http/tls/certificates.ts';
import { createTlsIdentity } from '../../../../src/netboot/http/tls/identity.ts';
import { exchange, startHttpBoot } from '../../../support/http-boot-service.ts';
import { createManualClock } from '../../../support/manual-clock.ts';

const DAY_MS = 24 * 3600 * 1000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bw-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('authority', () => {
  const clock = createManualClock();

  it('is made at first start, kept for its owner only, and the same afterwards', async () => {
    const made = await loadAuthority({ clock }, join(folder, 'data'));
    expect(statSync(join(folder, 'data', 'boot-ca.key')).mode & 0o777).toBe(0o600);
    expect((await loadAuthority({ clock }, join(folder, 'data'))).certificate).toBe(made.certificate);
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
    expect(certificate.validFromDate.getTime()).toBeLessThan(Date.parse('2001-01-01'));
  });

  it('whose key others can read is refused, and so are one that lacks it, one of another, and one that has expired', async () => {
    await loadAuthority({ clock }, folder);
    const key = join(folder, 'boot-ca.key');
    chmodSync(key, 0o640);
    await expect(loadAuthority({ clock }, folder)).rejects.toThrow(/can be read by others: chmod 600/);
    chmodSync(key, 0o600);
    const other = await loadAuthority({ clock }, join(folder, 'other'));
    writeFileSync(key, other.key);
    await expect(loadAuthority({ clock }, folder)).rejects.toThrow(/is not that of the private key/);
    writeFileSync(key, 'garbage');
    await expect(loadAuthority({ clock }, folder)).rejects.toBeInstanceOf(ConfigError);
    rmSync(key);
    await expect(loadAuthority({ clock }, folder)).rejects.toBeInstanceOf(ConfigError);
    const late = createManualClock(clock.now() + 21 * 365 * DAY_MS);
    await expect(loadAuthority({ clock: late }, join(folder, 'other'))).rejects.toThrow(/has expired on/);
  });
});

describe('server certificate', () => {
  it('is good for its addresses and names, signed by the authority, and for no other use', async () => {
    const clock = createManualClock();
    const authority = await loadAuthority({ clock }, folder);
    const names = ['10.77.0.1', '2001:db8::1', 'boot.example'] as const;
    const certificate = new X509Certificate((await issueServer(authority, names, clock.now() + DAY_MS)).certificate);
    const issuer = new X509Certificate(authority.certificate);
    expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true);
    expect([
      certificate.checkIP('10.77.0.1'),
      certificate.checkIP('2001:db8::1'),
      certificate.checkHost('boot.example'),
    ]).toEqual([...names]);
    expect(certificate.checkIP('10.77.0.2')).toBeUndefined();
    expect(certificate.subject).toBe('CN=10.77.0.1');
    expect([certificate.ca, certificate.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
  });

  it('is renewed before it ends, under the same authority', async () => {
    const clock = createManualClock();
    const identity = await createTlsIdentity({ clock, log: silentLog }, { folder, addresses: ['10.77.0.1'] });
    await clock.advance(59 * DAY_MS);
    expect(await identity.renewed()).toBeUndefined();
    await clock.advance(2 * DAY_MS);
    const renewed = await identity.renewed();
    expect(renewed).toEqual(identity.current);
    const { validToDate } = new X509Certificate(renewed?.cert ?? '');
    expect(validToDate.getTime()).toBeGreaterThan(clock.now() + 89 * DAY_MS);
    expect(await identity.renewed()).toBeUndefined();
  });

  it('that is given is read anew when it changes, and stays when what is there is no good', async () => {
    const clock = createManualClock();
    const authority = await loadAuthority({ clock }, folder);
    const [certificateFile, keyFile] = [join(folder, 'own.crt'), join(folder, 'own.key')];
    const put = async (): Promise<string> => {
      const issued = await issueServer(authority, ['10.77.0.1'], clock.now() + DAY_MS);
      writeFileSync(certificateFile, issued.certificate);
      writeFileSync(keyFile, issued.key, { mode: 0o600 });
      return issued.certificate;
    };
    const first = await put();
    const options = { folder: join(folder, 'none'), addresses: [], certificate: { certificateFile, keyFile } };
    const identity = await createTlsIdentity({ clock, log: silentLog }, options);
    expect([identity.current.cert, identity.authority, await identity.renewed()]).toEqual([
      first,
      undefined,
      undefined,
    ]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    writeFileSync(certificateFile, 'garbage');
    expect(await identity.renewed()).toBeUndefined();
    expect(identity.current.cert).toBe(first);
    const second = await put();
    expect((await identity.renewed())?.cert).toBe(second);
  });
});

describe('HTTPS boot', () => {
  const files = { kernel: Buffer.from('kernel'), initrd: Buffer.from('initrd') };

  it.each(['never', 'always'] as const)('offered %s: scripts name the URLs that fit', async (offer) => {
    const net = offer === 'never' ? 86 : 87;
    await using boot = await startHttpBoot({ net, files, http: { https: { port: 0, offer, folder } } });
    const { address, port, httpsPort = 0, baseUrlAt } = boot.bound;
    const from = boot.machines[0]?.spec.address ?? '';
    const path = `/boot/${boot.arm(1)}/script.ipxe`;
    const plain = (target: string) =>
      exchange(boot.bound, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, { from });
    const answer = await plain('/ca.crt');
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*application\/x-x509-ca-cert/);
    const ca = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    const script = await fetchTls({ host: address, port: httpsPort, path, ca, localAddress: from });
    expect(script).toContain(`https://${address}:${httpsPort}/boot/`);
    const own = offer === 'always' ? `https://${address}:${httpsPort}` : `http://${address}:${port}`;
    expect(baseUrlAt(address)).toBe(own);
    expect(await plain(path)).toContain(`${own}/boot/`);
    await expect(fetchTls({ host: address, port: httpsPort, path, localAddress: from })).rejects.toThrow(/certificate/);
  });

  it('forgets connections whose handshake failed', async () => {
    const http = { maximumConnectionsPerAddress: 2, https: { port: 0, offer: 'never', folder } } as const;
    await using boot = await startHttpBoot({ net: 96, files, http });
    const { certificate: ca } = await loadAuthority({ clock: systemClock }, folder);
    const to = { host: boot.bound.address, port: boot.bound.httpsPort, path: '/', localAddress: '127.96.1.1' };
    for (let n = 0; n < 5; n++) {
      await expect(fetchTls(to)).rejects.toThrow(/certificate/);
      await expect.poll(() => fetchTls({ ...to, ca }).catch(String)).toBe('there is nothing by that name\n');
    }
  });

  it('is off by default, and there is no certificate then', async () => {
    await using boot = await startHttpBoot({ net: 88, files });
    expect(boot.bound).not.toHaveProperty('httpsPort');
    expect(await exchange(boot.bound, 'GET /ca.crt HTTP/1.0\r\n\r\n')).toMatch(/ 404 /);
  });
});

function fetchTls(options: object): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request({ ...options, agent: false }, (response) => {
    let text = '';
    response.on('data', (data) => {
      text += String(data);
    });
    response.on('end', () => resolve(text));
  });
  sent.on('error', reject);
  sent.end();
  return promise;
}
