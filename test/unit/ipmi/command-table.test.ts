import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PrivilegeLevel } from '../../../src/protocols/ipmi/privilege-level.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'src', 'protocols', 'ipmi', 'commands');

const NONE = 'none';
const { callback: CALLBACK, user: USER, operator: OPERATOR, administrator: ADMIN } = PrivilegeLevel;

type Row = readonly [
  name: string,
  netFn: number,
  command: number,
  privilege: number | typeof NONE,
  sent: 'once' | 'repeat',
  /** The command's own completion codes, 80h to BEh. */
  codes: readonly number[],
];

/**
 * Numbers and levels by IPMI v2.0 rev. 1.1 Appendix G, Table G-1, as OpenIPMI's lanserv/priv_table.c and OpenBMC's
 * registrations have them; codes by the tables of the commands, as FreeIPMI and go-ipmi list them. Table G-1 gives
 * Activate and Deactivate Payload to CALLBACK already; OpenBMC wants USER, which every session has. The levels of DCMI
 * are OpenBMC's.
 */
const rows: readonly Row[] = [
  ['Get Chassis Capabilities', 0x00, 0x00, USER, 'repeat', []],
  ['Get Chassis Status', 0x00, 0x01, USER, 'repeat', []],
  ['Chassis Control', 0x00, 0x02, OPERATOR, 'once', []],
  ['Chassis Identify', 0x00, 0x04, OPERATOR, 'once', []],
  ['Set Power Restore Policy', 0x00, 0x06, OPERATOR, 'once', []],
  ['Get System Restart Cause', 0x00, 0x07, USER, 'repeat', []],
  ['Set System Boot Options', 0x00, 0x08, OPERATOR, 'once', [0x80, 0x81, 0x82]],
  ['Get System Boot Options', 0x00, 0x09, OPERATOR, 'repeat', [0x80]],
  ['Get POH Counter', 0x00, 0x0f, USER, 'repeat', []],
  ['Get Device SDR Info', 0x04, 0x20, USER, 'repeat', []],
  ['Get Device SDR', 0x04, 0x21, USER, 'repeat', [0x80]],
  ['Reserve Device SDR Repository', 0x04, 0x22, USER, 'repeat', []],
  ['Get Sensor Reading Factors', 0x04, 0x23, USER, 'repeat', []],
  ['Get Sensor Thresholds', 0x04, 0x27, USER, 'repeat', []],
  ['Get Sensor Reading', 0x04, 0x2d, USER, 'repeat', []],
  ['Get Device ID', 0x06, 0x01, USER, 'repeat', []],
  ['Cold Reset', 0x06, 0x02, ADMIN, 'once', []],
  ['Warm Reset', 0x06, 0x03, ADMIN, 'once', []],
  ['Get Self Test Results', 0x06, 0x04, USER, 'repeat', []],
  ['Get Device GUID', 0x06, 0x08, USER, 'repeat', []],
  ['Get Watchdog Timer', 0x06, 0x25, USER, 'repeat', []],
  ['Get System GUID', 0x06, 0x37, NONE, 'repeat', []],
  ['Get Channel Authentication Capabilities', 0x06, 0x38, NONE, 'repeat', []],
  ['Get Session Challenge', 0x06, 0x39, NONE, 'repeat', [0x81, 0x82]],
  ['Activate Session', 0x06, 0x3a, NONE, 'once', [0x81, 0x82, 0x83, 0x84, 0x85, 0x86]],
  ['Set Session Privilege Level', 0x06, 0x3b, USER, 'repeat', [0x80, 0x81, 0x82]],
  ['Close Session', 0x06, 0x3c, CALLBACK, 'once', [0x87, 0x88]],
  ['Get Session Info', 0x06, 0x3d, USER, 'repeat', []],
  ['Get Channel Access', 0x06, 0x41, USER, 'repeat', [0x82]],
  ['Get Channel Info', 0x06, 0x42, USER, 'repeat', []],
  ['Get User Access', 0x06, 0x44, OPERATOR, 'repeat', []],
  ['Get User Name', 0x06, 0x46, OPERATOR, 'repeat', []],
  ['Activate Payload', 0x06, 0x48, USER, 'once', [0x80, 0x81, 0x82, 0x83, 0x84]],
  ['Deactivate Payload', 0x06, 0x49, USER, 'once', [0x80, 0x81]],
  ['Get Payload Activation Status', 0x06, 0x4a, USER, 'repeat', []],
  ['Get Payload Instance Info', 0x06, 0x4b, USER, 'repeat', []],
  ['Get User Payload Access', 0x06, 0x4d, OPERATOR, 'repeat', []],
  ['Get Channel Payload Support', 0x06, 0x4e, USER, 'repeat', []],
  ['Get Channel Cipher Suites', 0x06, 0x54, NONE, 'repeat', []],
  ['Get FRU Inventory Area Info', 0x0a, 0x10, USER, 'repeat', []],
  ['Read FRU Data', 0x0a, 0x11, USER, 'repeat', [0x81]],
  ['Get SDR Repository Info', 0x0a, 0x20, USER, 'repeat', []],
  ['Reserve SDR Repository', 0x0a, 0x22, USER, 'repeat', []],
  ['Get SDR', 0x0a, 0x23, USER, 'repeat', []],
  ['Get SEL Info', 0x0a, 0x40, USER, 'repeat', [0x81]],
  ['Get SEL Allocation Info', 0x0a, 0x41, USER, 'repeat', []],
  ['Reserve SEL', 0x0a, 0x42, USER, 'repeat', [0x81]],
  ['Get SEL Entry', 0x0a, 0x43, USER, 'repeat', [0x81]],
  ['Add SEL Entry', 0x0a, 0x44, OPERATOR, 'once', [0x80, 0x81]],
  ['Clear SEL', 0x0a, 0x47, OPERATOR, 'once', []],
  ['Clear SEL (get erasure status)', 0x0a, 0x47, OPERATOR, 'repeat', []],
  ['Get SEL Time', 0x0a, 0x48, USER, 'repeat', []],
  ['Set SEL Time', 0x0a, 0x49, OPERATOR, 'once', []],
  ['Get LAN Configuration Parameters', 0x0c, 0x02, OPERATOR, 'repeat', [0x80]],
  ['Get SOL Configuration Parameters', 0x0c, 0x22, USER, 'repeat', [0x80]],
  ['Get DCMI Capabilities Info', 0x2c, 0x01, USER, 'repeat', []],
  ['Get Power Reading', 0x2c, 0x02, USER, 'repeat', []],
];

type Command = {
  readonly name: string;
  readonly netFn: number;
  readonly command: number;
  readonly privilege: number | typeof NONE;
  readonly repeatable: boolean;
  readonly completionCodes: Readonly<Record<string, string>>;
};

const isCommand = (value: unknown): value is Command =>
  typeof value === 'object' && value !== null && 'netFn' in value && 'decodeResponse' in value;

async function commandsOfSource(): Promise<readonly Command[]> {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const modules: unknown[] = await Promise.all(files.map((name) => import(join(FOLDER, name))));
  return modules.flatMap((module) => Object.values(Object(module)).filter(isCommand));
}

describe('every command', async () => {
  const commands = await commandsOfSource();

  test('is in the table, once', () => {
    expect(commands.map(({ name }) => name).toSorted()).toEqual(rows.map(([name]) => name).toSorted());
  });

  test.each(rows)('%s', (name, netFn, number, privilege, sent, codes) => {
    const command = commands.find((each) => each.name === name);
    expect(command).toMatchObject({ netFn, command: number, privilege, repeatable: sent === 'repeat' });
    expect(Object.keys(command?.completionCodes ?? {}).map(Number)).toEqual(codes);
  });
});
