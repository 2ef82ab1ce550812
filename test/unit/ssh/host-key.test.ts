import { describe, expect, test } from 'vitest';
import { algorithmsFor, hostKeyOf, parseHostKey } from '../../../src/drivers/ssh/host-key.ts';
import { ConfigError } from '../../../src/foundation/errors.ts';

// Made with ssh-keygen of OpenSSH 9.2; the fingerprints are `ssh-keygen -lf` of the same files.
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzkccaDbBnYP02JrqcVzVO94pB+aIPFFRzmjEOxiaur';

describe('host keys', () => {
  test('a line with a comment, and its fingerprint as ssh-keygen prints it', () => {
    const key = parseHostKey(`  ${ED25519} root@m1\n`);
    expect(key).toMatchObject({
      type: 'ssh-ed25519',
      line: ED25519,
      fingerprint: 'SHA256:lwObSNU+d2m+cLOaa8O7bp0+km+3xjl24efBzMmG95k',
    });
    expect(hostKeyOf(key.blob)).toEqual(key);
  });

  test.each([
    '',
    'ssh-ed25519',
    'ssh-dss AAAAB3NzaC1kc3M=',
    ED25519.replace('AAAAC3', 'AAAAD3'),
    ED25519.replace('ssh-ed25519 ', 'ecdsa-sha2-nistp256 '),
    ED25519.slice(0, -3).replace('BzkccaD', 'Bz!ccaD'),
    '-----BEGIN OPENSSH PRIVATE KEY-----',
  ])('%j is refused', (line) => {
    expect(() => parseHostKey(line)).toThrow(ConfigError);
  });

  test('RSA keys are asked for with SHA-2 signatures only, in the pinned order', () => {
    const rsa = { type: 'ssh-rsa', blob: Buffer.alloc(0), fingerprint: '', line: '' };
    expect(algorithmsFor([rsa, parseHostKey(ED25519)])).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  });

  test('what a stranger shows need not make sense', () => {
    expect(hostKeyOf(Buffer.from([0xff, 0xff, 0xff, 0xff, 1])).type).toBe('');
    expect(hostKeyOf(Buffer.alloc(0)).fingerprint).toBe('SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU');
  });
});
