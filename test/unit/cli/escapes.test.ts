import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEscapes, type KeyAction } from '../../../src/cli/console/escapes.ts';

/** What comes of keys, with sent bytes joined. */
function typed(...pieces: readonly string[]): (string | Exclude<KeyAction['kind'], 'send'>[])[] {
  const escapes = createEscapes();
  let sent = '';
  const commands: Exclude<KeyAction['kind'], 'send'>[] = [];
  for (const action of pieces.flatMap((keys) => escapes(Buffer.from(keys, 'latin1')))) {
    if (action.kind === 'send') sent += action.bytes.toString('latin1');
    else commands.push(action.kind);
  }
  return [sent, commands];
}

describe('escapes', () => {
  it.each([
    ['~.', '', ['leave']],
    ['~B~R~T~?', '', ['break', 'reconnect', 'take', 'help']],
    ['ls\r~.', 'ls\r', ['leave']],
    ['ls\n~B', 'ls\n', ['break']],
    ['cd ~.\r', 'cd ~.\r', []],
    ['~~.', '~.', []],
    ['~~\r~.', '~\r', ['leave']],
    ['~~~.', '~~.', []],
    ['~/x\r', '~/x\r', []],
    ['~\r~.', '~\r', ['leave']],
    ['~x~.', '~x~.', []],
    ['~b', '~b', []],
    ['\r~', '\r', []],
    ['\xff~.\x03', '\xff~.\x03', []],
  ] as const)('%j sends %j and does %j', (keys, sent, commands) => {
    expect(typed(keys)).toEqual([sent, commands]);
    expect(typed(...keys)).toEqual([sent, commands]);
  });

  it('are the same however the keys come in pieces, and without ~ nothing is changed', () => {
    const key = fc.constantFrom('~', '\r', '\n', '.', 'B', '?', 'a', '\xff');
    fc.assert(
      fc.property(fc.array(key), fc.array(fc.nat(40)), (keys, cuts) => {
        const whole = keys.join('');
        const places = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...places].map((place, index) => whole.slice(place, places[index] ?? whole.length));
        expect(typed(...pieces)).toEqual(typed(whole));
        const plain = whole.replaceAll('~', '');
        expect(typed(plain)).toEqual([plain, []]);
      }),
      { numRuns: 300 },
    );
  });
});
