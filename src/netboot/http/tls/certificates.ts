import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A private key and its certificate, PEM. */
export type Issued = { readonly key: string; readonly certificate: string; readonly expiresAt: number };

/**
 * iPXE before 2.0 knows RSA only, and 2048 bits are what firmware verifies in reasonable time.
 * @see iPXE `src/config/crypto.h`
 */
const KEY_BITS = 2048;
/** Machines without a battery wake up years ago; a certificate that is not valid yet is as bad for them as an expired one. */
const NOT_BEFORE = new Date('2000-01-01T00:00:00Z');

/** Makes a certificate authority: it signs servers only, and no further authorities. @param expiresAt epoch ms */
export async function issueAuthority(expiresAt: number): Promise<Issued> {
  const { key, publicKey } = await newKey();
  const certificate = blankCertificate(publicKey, expiresAt);
  // Two installations are told apart by name, or a verifier that looks issuers up by name takes one for the other.
  const name = [{ name: 'commonName', value: `Bootwright boot authority ${randomBytes(4).toString('hex')}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create());
  return { key, certificate: forge.pki.certificateToPem(certificate), expiresAt };
}

/**
 * Makes a server's certificate, signed by the authority.
 * @param names addresses and host names it is good for, the first also as common name, which is all older iPXE looks at; at least one
 */
export async function issueServer(
  authority: Omit<Issued, 'expiresAt'>,
  names: readonly [string, ...string[]],
  expiresAt: number,
): Promise<Issued> {
  const { key, publicKey } = await newKey();
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blankCertificate(publicKey, expiresAt);
  certificate.setSubject([{ name: 'commonName', value: names[0] }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    // Key encipherment is what RSA key exchange needs, the only one of older iPXE.
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: [...new Set(names)].map(altName) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
  return { key, certificate: forge.pki.certificateToPem(certificate), expiresAt };
}

/** The key comes from node:crypto, outside the event loop; the library only writes the certificate and signs it. */
async function newKey(): Promise<{ key: string; publicKey: forge.pki.PublicKey }> {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { key: pair.privateKey, publicKey: forge.pki.publicKeyFromPem(pair.publicKey) };
}

function blankCertificate(publicKey: forge.pki.PublicKey, expiresAt: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // RFC 5280 §4.1.2.2: positive and at most 20 octets.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = NOT_BEFORE;
  certificate.validity.notAfter = new Date(expiresAt);
  return certificate;
}

/** GeneralName types of RFC 5280 §4.2.1.6: 2 dNSName, 7 iPAddress. */
function altName(name: string): object {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
