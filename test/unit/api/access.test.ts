import { describe, expect, it } from 'vitest';
import { mayDo, PERMISSIONS, permissionsOf } from '../../../src/api/access.ts';
import { createSessions } from '../../../src/api/sessions.ts';
import { hashOfToken, isTokenText, newTokenText } from '../../../src/api/token-text.ts';
import { TOKEN_ROLES } from '../../../src/domain/ports/tokens.ts';
import { RUN_KINDS } from '../../../src/domain/run.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { createManualClock } from '../../support/manual-clock.ts';

describe('permissions', () => {
  it('grow with the role', () => {
    const sizes = TOKEN_ROLES.map((role) => permissionsOf(role).length);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(permissionsOf('viewer')).toEqual(['read', 'hardware.read']);
    expect(permissionsOf('admin')).toEqual(Object.keys(PERMISSIONS));
  });

  it('to release a passphrase begin with unlocker', () => {
    for (const kind of RUN_KINDS) {
      const releases = ['boot', 'unlock', 'reboot', 'update'].includes(kind);
      expect([kind, mayDo('operator', `run.${kind}`)]).toEqual([kind, !releases]);
      expect(mayDo('unlocker', `run.${kind}`)).toBe(true);
    }
  });
});

describe('tokens', () => {
  it('are long, random, and known by their hash', () => {
    const tokens = Array.from({ length: 200 }, () => newTokenText(systemEntropy));
    expect(new Set(tokens).size).toBe(200);
    for (const token of tokens) expect(isTokenText(token)).toBe(true);
    // SHA-256 of "abc": FIPS 180-2 appendix B.1.
    expect(hashOfToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each(['', 'bw_', `bw_${'i'.repeat(32)}`, `bw_${'0'.repeat(31)}`, `bw_${'0'.repeat(33)}`, `BW_${'0'.repeat(32)}`])(
    '%j is none',
    (text) => expect(isTokenText(text)).toBe(false),
  );
});

describe('sessions', () => {
  it('are bounded, the oldest going first', () => {
    const clock = createManualClock();
    const sessions = createSessions({ clock, entropy: systemEntropy }, { most: 3 });
    const ids = ['a', 'b', 'c', 'd'].map((hash) => sessions.open(hash).id);
    expect(ids.map((id) => sessions.find(id)?.tokenHash)).toEqual([undefined, 'b', 'c', 'd']);
  });

  it('end by time and by request', async () => {
    const clock = createManualClock();
    const sessions = createSessions({ clock, entropy: systemEntropy }, { lifetimeMs: 1000 });
    const first = sessions.open('a');
    const second = sessions.open('b');
    sessions.close(second.id);
    expect([sessions.find(first.id)?.tokenHash, sessions.find(second.id), sessions.find('x')]).toEqual([
      'a',
      undefined,
      undefined,
    ]);
    await clock.advance(1000);
    expect(sessions.find(first.id)).toBeUndefined();
  });
});
