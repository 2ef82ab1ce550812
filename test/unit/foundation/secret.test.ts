import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/foundation/secret.ts';

describe('Secret', () => {
  it('prints as a placeholder in every way there is', () => {
    const secret = Secret.fromText('open sesame');
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: { secret } }),
    ];
    for (const text of shown) {
      expect(text).toContain('[secret]');
      expect(text).not.toContain('sesame');
      expect(text).not.toContain(Buffer.from('sesame').toString('hex'));
    }
    expect(Object.values(secret)).toEqual([]);
  });

  it('wipes the very bytes it was given', () => {
    const bytes = Buffer.from('open sesame');
    const secret = new Secret(bytes);
    expect(secret.use((open) => open.toString())).toBe('open sesame');
    secret[Symbol.dispose]();
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(() => secret.use((open) => open.length)).toThrow('wiped');
  });

  it('copies live on their own', () => {
    const secret = Secret.fromText('x');
    const copy = secret.copy();
    secret[Symbol.dispose]();
    expect(copy.use((open) => open.toString())).toBe('x');
  });
});
