// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of scripts are written so
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/foundation/errors.ts';
import { testHostKey, testMachine } from '../../support/api-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'bootwright-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The list of problems; each is `path (line n): text`. */
function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, 'test.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.details.problems as readonly string[];
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const machines = (...list: unknown[]): string => JSON.stringify({ machines: list });
const netboot = (entry: object): string => JSON.stringify({ netboot: { interfaces: [entry] } });

describe('defaults', () => {
  it('needs nothing at all', () => {
    expect(parseConfig('', 'empty')).toEqual({
      dataDirectory: '/var/lib/bootwright',
      assets: { quotaMiB: 20_480, graceHours: 24 },
      listen: { address: '127.0.0.1', port: 8470, openMetrics: false },
      log: { level: 'info' },
      secrets: { commandsThroughApi: false },
      machines: [],
    });
  });

  it('fills in netboot', () => {
    const config = parseConfig('netboot: {interfaces: [{name: eno1, address: 10.77.0.1/24, mode: full}]}', 'x');
    expect(config.netboot).toEqual({
      interfaces: [
        {
          name: 'eno1',
          address: { address: '10.77.0.1', prefixLength: 24 },
          mode: 'full',
          leaseSeconds: 3600,
          dns: [],
          conflictProbe: true,
          otherServers: 'probe',
        },
      ],
      http: { port: 8480 },
      ports: { dhcp: 67, dhcpClient: 68, proxy: 4011, tftp: 69 },
      discovery: { clients: 'boot', maximum: 1024, keepDays: 30 },
      assets: [],
      secureBoot: 'off',
      loaderPatienceSeconds: 60,
      captures: { attempts: 10, days: 30 },
      attemptLifetimeSeconds: 1800,
    });
  });

  it('leaves the limits of TFTP to its server, and refuses those that cannot be', () => {
    const tftp = (limits: object): string => JSON.stringify({ netboot: { tftp: limits } });
    const most = {
      ...{ singlePort: true, maximumTransfers: 16_384, maximumTransfersPerClient: 16_384 },
      ...{ maximumBlksize: 65_464, maximumWindowsize: 1024 },
    };
    expect(parseConfig(tftp({}), 'x').netboot?.tftp).toEqual({});
    expect(parseConfig(tftp(most), 'x').netboot?.tftp).toEqual(most);
    const wrong: [object, string][] = [
      [{ maximumBlksize: 511 }, 'maximumBlksize'],
      [{ maximumBlksize: 65_465 }, 'maximumBlksize'],
      [{ maximumWindowsize: 0 }, 'maximumWindowsize'],
      [{ maximumTransfers: 0 }, 'maximumTransfers'],
      [{ maximumTransfersPerClient: 1025 }, 'more than all transfers together (1024)'],
      [{ threads: 17 }, 'threads'],
      [{ blksize: 1 }, 'maximumBlksize'],
    ];
    for (const [limits, said] of wrong) expect(problemsOf(tftp(limits)).join('\n')).toContain(said);
    const discovery = { clients: 'all', maximum: 16, keepDays: 1 };
    expect(parseConfig(JSON.stringify({ netboot: { discovery } }), 'x').netboot?.discovery).toEqual(discovery);
    expect(problemsOf(JSON.stringify({ netboot: { discovery: { maximum: 1 } } })).join()).toContain('maximum');
  });

  it('is off on an interface unless told', () => {
    expect(parseConfig(netboot({ name: 'eno1', address: '10.0.0.1/8' }), 'x').netboot?.interfaces[0]?.mode).toBe('off');
  });

  it('is frozen through and through', () => {
    const config = parseConfig(machines(testMachine('m1')), 'x');
    const [machine] = config.machines;
    expect(() => Object.assign(config.listen, { port: 1 })).toThrow(TypeError);
    expect(() => Object.assign(machine?.stage3 ?? {}, { port: 1 })).toThrow(TypeError);
  });
});

describe('machines', () => {
  it('normalises MAC addresses and drops comments of keys', () => {
    const [machine] = parseConfig(
      machines({
        ...testMachine('m1'),
        macs: ['52-54-00-AB-CD-EF'],
        stage3: { hostKeys: [`${testHostKey(3)} root@m1`], identity: 'file:/k' },
      }),
      'x',
    ).machines;
    expect(machine?.macs).toEqual(['52:54:00:ab:cd:ef']);
    expect(machine?.stage3.hostKeys).toEqual([testHostKey(3)]);
  });

  it('takes every documented field', () => {
    const full = {
      ...testMachine('m1'),
      bmcs: [
        {
          protocol: 'ipmi',
          host: 'bmc.example.org',
          port: 6230,
          user: 'admin',
          password: { command: ['pass', 'show', 'bmc'] },
          kg: 'credential:kg',
          cipherSuites: [17, 3],
          privilege: 'administrator',
        },
      ],
      netboot: { kernel: 'm1/vmlinuz', initrds: ['m1/initrd'], commandLine: 'console=ttyS0' },
      rebuild: {
        flake: 'git+ssh://git@example.org/x?ref=main',
        attribute: 'm1',
        elevate: 'sudo',
        refresh: false,
        accessTokens: [{ host: 'github.com', token: 'env:GITHUB' }],
      },
      deadlines: { unlock: 30, activate: 7200 },
      bootTries: 3,
    };
    expect(parseConfig(machines(full), 'x').machines[0]).toEqual(full);
  });

  it.each([
    { generation: 'current' },
    { generation: '/nix/store/0123456789abcdfghijklmnpqrsvwxyz-nixos-system-m1-25.11', commandLine: 'debug' },
    { script: '#!ipxe\nkernel ${base-url}/files/vmlinuz ip=${ip} mac=$${net0/mac}\n', files: ['vmlinuz'] },
    { script: { asset: 'menu.ipxe' } },
    { localDisk: 'auto' },
    { rescue: { kernel: 'sha256:00', initrds: ['rescue.img'], commandLine: '' } },
  ])('takes netboot %j', (netboot) => {
    expect(parseConfig(machines({ ...testMachine('m1'), netboot }), 'x').machines[0]?.netboot).toEqual(netboot);
  });

  it.each([
    ['no stage 3', { stage3: undefined }, 'stage3', 'is missing'],
    ['name', { name: 'Big_One' }, 'name', 'lower-case letters'],
    ['MAC', { macs: ['52:54:00:12:34'] }, 'macs[0]', 'is not a MAC address'],
    ['group MAC', { macs: ['01:00:5e:00:00:01'] }, 'macs[0]', 'group (multicast)'],
    ['MAC twice', { macs: ['52:54:00:00:00:01', '52-54-00-00-00-01'] }, 'macs[1]', 'is there twice'],
    ['address', { address: '10.0.0.300' }, 'address', 'is not an IPv4 address'],
    [
      'equal keys',
      { stage1: { hostKeys: [testHostKey(3)], identity: 'file:/k' } },
      'stage1.hostKeys[0]',
      'stage-3 key',
    ],
    ['disks without stage 1', { stage1: undefined }, 'stage1', 'is missing: disks are unlocked'],
    [
      'kernel path',
      { netboot: { kernel: '../x', initrds: ['i'], commandLine: '' } },
      'netboot.kernel',
      'inside the assets',
    ],
    [
      'command line',
      { netboot: { kernel: 'x', initrds: ['i'], commandLine: 'a\nb' } },
      'netboot.commandLine',
      'one line',
    ],
    ['no initrd', { netboot: { kernel: 'x', initrds: [], commandLine: '' } }, 'netboot.initrds', 'at least 1'],
    [
      'own script',
      { netboot: { script: '#!ipxe\necho ${hostname}' } },
      'netboot.script',
      '${hostname}, which is unknown',
    ],
    ['own script without iPXE', { netboot: { script: 'echo hello' } }, 'netboot.script', 'first line must be #!ipxe'],
    ['local disk', { netboot: { localDisk: 'exit-2' } }, 'netboot.localDisk', 'must be one of'],
    ['generation', { netboot: { generation: '/nix/store/../x' } }, 'netboot.generation', 'must be current'],
    ['rescue', { netboot: { rescue: { kernel: 'k', commandLine: '' } } }, 'netboot.rescue.initrds', 'is missing'],
    ['no form of netboot', { netboot: { bootFrom: 'disk' } }, 'netboot', 'must be one of: {kernel'],
    ['flake', { rebuild: { flake: 'https://u:p@example.org/x' } }, 'rebuild.flake', 'holds credentials'],
    ['attribute', { rebuild: { flake: '/x', attribute: 'a"b' } }, 'rebuild.attribute', 'must be letters'],
    ['deadline', { deadlines: { unlock: 0 } }, 'deadlines.unlock', 'at least 1'],
    ['unknown step', { deadlines: { unlok: 3 } }, 'deadlines', 'did you mean "unlock"?'],
    [
      'disk twice',
      {
        disks: [
          { name: 'a', passphrase: 'env:A' },
          { name: 'a', passphrase: 'env:A' },
        ],
      },
      'disks[1].name',
      'is there twice',
    ],
    ['user', { session: { user: 'a b' } }, 'session.user', 'is not a user name'],
    ['boot tries', { bootTries: 9 }, 'bootTries', 'at most 5'],
  ])('refuses a wrong %s, saying where and what to do', (_what, change, path, text) => {
    const spec = JSON.parse(JSON.stringify({ ...testMachine('m1'), ...change }));
    const found = problemsOf(machines(spec)).filter((line) => line.startsWith(`machines[0].${path} (line 1)`));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(text);
  });

  it.each([
    ['protocol', { protocol: 'redfish' }, 'must be one of ipmi'],
    ['host', { host: '10.0.0.300' }, 'neither an IP address nor a host name'],
    ['port', { port: 70_000 }, 'at most 65535'],
    ['user', { user: 'a'.repeat(17) }, 'at most 16 characters'],
    ['cipher suite', { cipherSuites: [4] }, 'not a supported cipher suite'],
    ['insecure cipher suite', { cipherSuites: [17, 0] }, 'set allowInsecureSuites'],
    ['K_G for IPMI 1.5', { version: '1.5', kg: 'env:KG' }, 'is for IPMI 2.0'],
    ['version, a number without its quotes', { version: 1.5 }, 'must be one of "2.0", "1.5", with the quotes'],
    ['quirk', { quirks: ['none-such'] }, 'must be one of'],
    ['privilege', { privilege: 'root' }, 'must be one of user, operator, administrator'],
    ['key', { pasword: 'x' }, 'did you mean "password"?'],
  ])('refuses a wrong %s of a BMC', (_what, change, text) => {
    const bmc = { protocol: 'ipmi', host: '10.0.0.1', user: 'admin', password: 'env:P', ...change };
    expect(problemsOf(machines({ ...testMachine('m1'), bmcs: [bmc] })).join('\n')).toContain(text);
  });

  it('refuses names, addresses and MACs that two machines share', () => {
    const found = problemsOf(machines(testMachine('m1', 1), testMachine('m2', 1), testMachine('m1', 3)));
    expect(found.map((line) => line.split(' (')[0])).toEqual([
      'machines[1].address',
      'machines[1].macs',
      'machines[2].name',
    ]);
    expect(found[0]).toContain('belongs to machine m1');
  });

  it('never repeats what stands where a secret reference belongs', () => {
    const spec = { ...testMachine('m1'), disks: [{ name: 'a', passphrase: 'correct horse battery' }] };
    const lines = problemsOf(machines(spec)).join('\n');
    expect(lines).toContain('machines[0].disks[0].passphrase');
    expect(lines).not.toContain('horse');
  });
});

describe('netboot', () => {
  it.each([
    [
      'pool outside',
      { mode: 'full', pool: { from: '10.0.0.9', to: '10.1.0.1' } },
      'pool.to',
      'is not in the network of 10.0.0.1/24',
    ],
    ['pool backwards', { mode: 'full', pool: { from: '10.0.0.9', to: '10.0.0.8' } }, 'pool', 'ends before it begins'],
    ['pool of a proxy', { mode: 'proxy', pool: { from: '10.0.0.8', to: '10.0.0.9' } }, 'pool', 'mode full only'],
    ['router outside', { mode: 'full', router: '10.9.0.1' }, 'router', 'is not in the network'],
    ['network address', { address: '10.0.0.0/24' }, 'address', 'network or broadcast'],
    ['prefix', { address: '10.0.0.1' }, 'address', 'with prefix length'],
    ['interface name', { name: 'a-name-that-is-too-long' }, 'name', 'is not the name of a network interface'],
    ['mode', { mode: 'on' }, 'mode', 'must be one of off, proxy, reservations, full'],
    ['lease', { leaseSeconds: 5 }, 'leaseSeconds', 'at least 60'],
    [
      'pool of a subnet',
      { mode: 'full', subnets: [{ network: '10.9.0.0/24', pool: { from: '10.9.0.9', to: '10.9.1.1' } }] },
      'subnets[0].pool.to',
      'not in the network of 10.9.0.0/24',
    ],
    ['subnet that overlaps', { subnets: [{ network: '10.0.0.0/16' }] }, 'subnets[0].network', 'overlaps'],
    ['option of the protocol', { dhcpOptions: [{ code: 54, hex: '00' }] }, 'dhcpOptions[0]', "protocol's own"],
    ['option without a value', { dhcpOptions: [{ code: 42 }] }, 'dhcpOptions[0].hex', 'is missing'],
    ['option of half bytes', { dhcpOptions: [{ code: 42, hex: '0a4' }] }, 'dhcpOptions[0].hex', 'pairs'],
  ])('refuses a wrong %s', (_what, change, path, text) => {
    const found = problemsOf(netboot({ name: 'eno1', address: '10.0.0.1/24', ...change }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`netboot.interfaces[0].${path} (line 1): `);
    expect(found[0]).toContain(text);
  });
});

describe('the file', () => {
  it('lists every problem with its line', () => {
    const text = ['listen:', '  prot: 1', 'log:', '  level: loud', 'dataDirectory: here', 'machine: []'].join('\n');
    expect(problemsOf(text)).toEqual([
      'dataDirectory (line 5): must be an absolute path',
      'listen (line 2): unknown key "prot": did you mean "port"?',
      'log.level (line 4): must be one of fatal, error, warn, info, debug, trace',
      '(root): unknown key "machine": did you mean "machines"?',
    ]);
  });

  it('stops at fifty problems, and says how many more', () => {
    const many = Array.from({ length: 70 }, (_, index) => ({ ...testMachine(`m${index}`, index + 1), bootTries: 9 }));
    expect(() => parseConfig(machines(...many), 'x')).toThrow(/and 20 more$/);
  });

  it('says what is wrong with YAML, by line', () => {
    expect(problemsOf('a: 1\na: 2')[0]).toMatch(/^line 2: /);
    expect(problemsOf('a: [1')[0]).toMatch(/^line 1: /);
    expect(problemsOf('- 1')[0]).toContain('must be an object');
  });

  it('does not unfold a bomb of aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(', ')}]`,
    );
    expect(problemsOf(['l0: &l0 [x]', ...levels].join('\n'))[0]).toMatch(/alias/i);
  });

  it('reads YAML and JSON from disk, and says which file cannot be read', async () => {
    writeFileSync(join(folder, 'a.yaml'), 'log: {level: debug}');
    writeFileSync(join(folder, 'a.json'), '{"log": {"level": "warn"}}');
    expect((await loadConfig(join(folder, 'a.yaml'))).log.level).toBe('debug');
    expect((await loadConfig(join(folder, 'a.json'))).log.level).toBe('warn');
    expect((await loadConfig(undefined)).log.level).toBe('info');
    await expect(loadConfig(join(folder, 'none.yaml'))).rejects.toThrow(/none\.yaml cannot be read: ENOENT/);
  });
});
