import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { commands } from '../../../src/library/commands.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'src', 'protocols', 'ipmi', 'commands');

/** Commands that rule the session they are sent in; see the decision in src/library/README.md. */
const SESSION_COMMANDS = [
  'activatePayload',
  'activateSession',
  'closeSession',
  'deactivatePayload',
  'getSessionChallenge',
  'setSessionPrivilegeLevel',
];

type Named = { readonly name: string; readonly netFn: number; readonly command: number; readonly repeatable: boolean };

function isCommand(value: unknown): value is Named {
  return typeof value === 'object' && value !== null && 'netFn' in value && 'decodeResponse' in value;
}

describe('the table of commands', () => {
  it('has every command there is a codec for, but those that rule the session', async () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const modules: unknown[] = await Promise.all(files.map((name) => import(join(FOLDER, name))));
    const there = modules.flatMap((module) =>
      Object.entries(Object(module)).flatMap(([name, value]) => (isCommand(value) ? [name] : [])),
    );
    expect(there.length).toBeGreaterThan(40);
    expect([...Object.keys(commands), ...SESSION_COMMANDS].toSorted()).toEqual(there.toSorted());
  });

  it('repeats nothing that switches, sets, clears or resets', () => {
    const { getSelErasureStatus: _onlyAsks, ...others } = commands;
    const repeatable = Object.values<Named>(others).filter((command) => command.repeatable);
    expect(repeatable.map(({ name }) => name).filter((name) => /control|^set|clear|reset|add/i.test(name))).toEqual([]);
    expect(commands.chassisControl.repeatable).toBe(false);
  });

  it('decodes with the reader that it exports', () => {
    expect(commands.getSelTime.decodeResponse(new ByteReader(Buffer.from('00112233', 'hex')))).toEqual({
      timestamp: 0x33221100,
    });
  });
});
