import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/config/documented.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import { attributeProblem, flakeProblem } from '../../../src/config/flake-ref.ts';
import { configJsonSchema, machineJsonSchema } from '../../../src/config/json-schema.ts';
import { createParseMachineSpec } from '../../../src/config/parse-machine.ts';
import { secretRef } from '../../../src/config/secret-ref.ts';
import { sshPublicKey } from '../../../src/config/ssh-key.ts';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { testHostKey, testMachine } from '../../support/api-service.ts';

describe('flake references', () => {
  it.each([
    '/etc/nixos',
    '.',
    'github:owner/repo',
    'github:owner/repo/branch',
    'github:owner/repo?dir=sub&rev=abcdef',
    'git+ssh://git@github.com/owner/repo?ref=main',
    'git+https://example.org/a/b.git',
    'path:/srv/flake',
  ])('takes %s', (text) => expect(flakeProblem(text)).toBeUndefined());

  it.each([
    'https://user:pass@example.org/x',
    'git+https://token@example.org/x',
    'git+ssh://git:pass@example.org/x',
    'https://example.org/x?access_token=abc',
    'github:o/r?private-token=abc',
    'https://example.org/ghp_0123456789abcdef/x',
    'github:o/glpat-0123456789',
  ])('finds credentials in %s, and does not repeat them', (text) => {
    expect(flakeProblem(text)).toContain('holds credentials');
    expect(flakeProblem(text)).not.toContain('abc');
  });

  it.each(['', '--option', 'a b', 'a\nb', 'github:o/r#attr', 'a"b', '$(x)', 'ü', 'x'.repeat(1025)])(
    'refuses %j',
    (text) => expect(flakeProblem(text)).toBeDefined(),
  );

  it('takes plain attributes only', () => {
    expect(attributeProblem('web-1.example')).toBeUndefined();
    for (const text of ['', '-a', '.a', 'a b', 'a"b', 'a#b', 'a'.repeat(129)])
      expect(attributeProblem(text)).toBeDefined();
  });
});

describe('secret references', () => {
  it.each(['env:BMC', 'file:/run/x y', 'credential:luks-root', { command: ['pass', 'show', 'x'] }])('takes %j', (ref) =>
    expect(secretRef.parse(ref)).toEqual(ref),
  );

  it.each([
    'hunter2',
    'env:',
    'env:a-b',
    'file:relative',
    'file:/a\nb',
    'file:/a\0b',
    'credential:../x',
    'credential:.x',
    'store:x',
    7,
    null,
    {},
    { command: [] },
    { command: ['a', ''] },
    { command: ['a\0'] },
    { command: 'pass' },
    { command: ['a'], shell: true },
  ])('refuses %j without repeating it', (ref) => {
    const result = secretRef.safeParse(ref);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues.map(({ message }) => message))).not.toContain('hunter2');
  });
});

describe('SSH public keys', () => {
  it('takes a line of a .pub file and drops its comment', () => {
    expect(sshPublicKey.parse(` ${testHostKey(7)}   root@host \n`)).toBe(testHostKey(7));
  });

  it.each([
    ['', 'is not an SSH public key line'],
    ['host ssh-ed25519 AAAA', 'is not an SSH public key line'],
    ['ssh-dss AAAA', 'is not an SSH public key line'],
    ['ssh-ed25519 ????', 'is not base64'],
    ['ssh-ed25519 AAAA', 'not of type ssh-ed25519'],
    [testHostKey(1).replace('ssh-ed25519 ', 'ssh-rsa '), 'not of type ssh-rsa'],
    [testHostKey(1).slice(0, -8), 'cut off'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', 'is a private key'],
  ])('refuses %j', (line, text) => {
    expect(sshPublicKey.safeParse(line).error?.issues[0]?.message).toContain(text);
  });
});

describe('suggestions', () => {
  it.each([
    ['adress', 'address'],
    ['lease_seconds', 'leaseSeconds'],
    ['hostkeys', 'hostKeys'],
    ['zzz', undefined],
    ['ip', undefined],
  ])('%s -> %s', (typed, meant) => expect(nearest(typed, ['address', 'leaseSeconds', 'hostKeys', 'port'])).toBe(meant));
});

describe('the environment', () => {
  it('is copied, frozen, and empty values count as absent', () => {
    const variables = { BOOTWRIGHT_CONFIG: '', CREDENTIALS_DIRECTORY: '/run/credentials', A: 'b' };
    const environment = readEnvironment(variables);
    variables.A = 'changed';
    expect(environment).toMatchObject({
      configFile: undefined,
    });
    expect(environment.variables.A).toBe('b');
    expect(() => Object.assign(environment.variables, { A: 'x' })).toThrow(TypeError);
  });
});

describe('machines through the API', () => {
  it('are refused commands as secrets, unless the configuration allows them', () => {
    const spec = { ...testMachine('m1'), disks: [{ name: 'root', passphrase: { command: ['pass', 'x'] } }] };
    expect(createParseMachineSpec({ commands: true })(spec).disks).toEqual(spec.disks);
    try {
      createParseMachineSpec({ commands: false })(spec);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      expect(error.details.problems).toEqual([expect.stringMatching(/^disks\[0\]\.passphrase: .*commandsThroughApi/)]);
    }
  });

  it.each([undefined, null, 3, 'x', [], {}])('are refused as %j with problems', (value) => {
    try {
      createParseMachineSpec({ commands: false })(value);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof InvalidRequestError)) throw error;
      expect((error.details.problems as string[]).length).toBeGreaterThan(0);
    }
  });
});

describe('JSON Schemas', () => {
  it('document every field, with a default or what absence means', () => {
    const undocumented: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string): void => {
      for (const [name, field] of Object.entries(
        (schema.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (typeof field.description !== 'string') undocumented.push(`${path}.${name}`);
        walk(field, `${path}.${name}`);
      }
      if (typeof schema.items === 'object' && schema.items !== null)
        walk(schema.items as Record<string, unknown>, `${path}[]`);
    };
    walk(configJsonSchema(), '');
    walk(machineJsonSchema(), 'machine');
    expect(undocumented).toEqual([]);
  });

  it('require what has no default, and refuse unknown keys', () => {
    expect(machineJsonSchema()).toMatchObject({
      required: ['name', 'macs', 'address', 'stage3'],
      additionalProperties: false,
    });
    expect(configJsonSchema()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    expect(configJsonSchema().required).toBeUndefined();
  });
});
