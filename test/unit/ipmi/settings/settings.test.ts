import { describe, expect, test } from 'vitest';
import { readChannels } from '../../../../src/drivers/bmc/ipmi/settings/channels.ts';
import { readGuids } from '../../../../src/drivers/bmc/ipmi/settings/guid.ts';
import { readLan } from '../../../../src/drivers/bmc/ipmi/settings/lan.ts';
import { readSelfTest } from '../../../../src/drivers/bmc/ipmi/settings/self-test.ts';
import { readUsers } from '../../../../src/drivers/bmc/ipmi/settings/users.ts';
import { readWatchdog } from '../../../../src/drivers/bmc/ipmi/settings/watchdog.ts';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import { coldReset } from '../../../../src/protocols/ipmi/commands/application/cold-reset.ts';
import { getChannelInfo } from '../../../../src/protocols/ipmi/commands/application/get-channel-info.ts';
import { getDeviceGuid } from '../../../../src/protocols/ipmi/commands/application/get-device-guid.ts';
import { getSessionInfo } from '../../../../src/protocols/ipmi/commands/application/get-session-info.ts';
import { getUserAccess } from '../../../../src/protocols/ipmi/commands/application/get-user-access.ts';
import { getUserName } from '../../../../src/protocols/ipmi/commands/application/get-user-name.ts';
import { getChassisCapabilities } from '../../../../src/protocols/ipmi/commands/chassis/get-chassis-capabilities.ts';
import { getLanConfigurationParameters } from '../../../../src/protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import { LanParameterNumber } from '../../../../src/protocols/ipmi/commands/transport/lan-parameters.ts';
import { CompletionCodeError } from '../../../../src/protocols/ipmi/completion-code.ts';
import { answered, refused } from '../../../support/direct-requester.ts';
import { createController, never } from '../chassis/controller.ts';

const users = [
  { name: 'admin', password: 'secret', privilege: 4 },
  { name: 'operator', password: 'secret', privilege: 3, enabled: false },
  { name: 'kvm', password: 'secret', privilege: 2, lanAccess: false },
];

describe('users', () => {
  test('every id, with what it may do', async () => {
    const { requester } = createController({ users });
    const report = await readUsers(requester, never);
    expect(report).toMatchObject({ maximumUsers: 16, enabledUsers: 2, fixedNames: 1 });
    expect(report.users).toHaveLength(16);
    expect(report.users.slice(0, 5)).toMatchObject([
      { id: 1, name: '', enabled: false, privilegeLimit: null },
      { id: 2, name: 'admin', enabled: true, ipmiMessaging: true, privilegeLimit: 4 },
      { id: 3, name: 'operator', enabled: false, privilegeLimit: 3 },
      { id: 4, name: 'kvm', enabled: true, ipmiMessaging: false },
      { id: 5, name: '', enabled: false, privilegeLimit: null },
    ]);
  });

  test('a refused name is not told, a refused user left out', async () => {
    const { requester } = createController({ users });
    requester.intercept((request, pass) => {
      if (request.command === getUserName.command) return refused(0xcc);
      return request.command === getUserAccess.command && request.data[1] === 3 ? refused(0xcb) : pass();
    });
    const report = await readUsers(requester, never);
    expect(report.users.slice(0, 3).map(({ id, name }) => [id, name])).toEqual([
      [1, null],
      [2, null],
      [4, null],
    ]);
  });

  test('a controller that claims 63 users is asked for 63, and one that claims none for one', async () => {
    for (const [maximum, asked] of [
      [0xff, 63],
      [0, 1],
    ] as const) {
      const { requester } = createController();
      requester.intercept((request) =>
        request.command === getUserAccess.command ? answered([maximum, 0x41, 1, 0x34]) : answered(Buffer.alloc(16)),
      );
      await readUsers(requester, never);
      expect(requester.count(getUserAccess)).toBe(asked);
    }
  });

  test('no users at all is a refusal', async () => {
    const { requester } = createController();
    requester.intercept(() => refused(0xc1));
    await expect(readUsers(requester, never)).rejects.toBeInstanceOf(CompletionCodeError);
  });
});

describe('channels', () => {
  test('medium, protocol, and access where there are sessions', async () => {
    const { requester } = createController();
    expect(await readChannels(requester, never)).toMatchObject([
      { channel: 0, present: false, medium: 'IPMB', sessions: 'none', access: null, storedAccess: null },
      {
        channel: 1,
        present: true,
        medium: '802.3 LAN',
        protocol: 'IPMB-1.0',
        sessions: 'multiple',
        access: { mode: 'always', privilegeLimit: 4, alerting: false, perMessageAuthentication: true },
      },
      { channel: 15, medium: 'system interface', protocol: 'KCS' },
    ]);
  });

  test('numbers that are answered with zeros are no channels; refused access is not told', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      if (request.command !== getChannelInfo.command) return refused(0xc1);
      return request.data[0] === 2 ? answered(Buffer.alloc(9)) : pass();
    });
    const channels = await readChannels(requester, never);
    expect(channels.map(({ channel, access }) => [channel, access])).toEqual([
      [0, null],
      [1, null],
      [15, null],
    ]);
  });
});

describe('LAN settings', () => {
  const ipv6Address = {
    setSelector: 0,
    enabled: true,
    source: 0,
    address: Buffer.from('20010db8000000000000000000000007', 'hex'),
    prefixLength: 64,
    status: 0,
  };

  test('all of them', async () => {
    const { requester } = createController({
      settings: {
        lan: {
          defaultGateway: Buffer.of(192, 0, 2, 1),
          vlan: { enabled: true, id: 42 },
          vlanPriority: 3,
          ipv6Enables: 2,
          ipv6StaticAddresses: [ipv6Address, { ...ipv6Address, setSelector: 1, enabled: false }],
          ipv6DynamicAddresses: [
            { ...ipv6Address, enabled: false, source: 1, address: Buffer.alloc(16) },
            { ...ipv6Address, enabled: false, source: 2, status: 4 },
          ],
        },
      },
      parts: { ipmi15: 'per-message', suitePrivileges: { 3: 0 } },
    });
    expect(await readLan(requester, never)).toEqual({
      channel: 14,
      setInProgress: false,
      address: '192.0.2.7',
      addressSource: 'static',
      subnetMask: '255.255.255.0',
      macAddress: '02:00:c0:00:02:07',
      gateway: '192.0.2.1',
      gatewayMacAddress: '00:00:00:00:00:00',
      backupGateway: '0.0.0.0',
      vlan: { id: 42, priority: 3 },
      authenticationTypes: ['md5'],
      authenticationTypesByLevel: {
        callback: ['md5'],
        user: ['md5'],
        operator: ['md5'],
        administrator: ['md5'],
        oem: [],
      },
      cipherSuites: [
        { id: 3, privilegeLimit: 0 },
        { id: 17, privilegeLimit: 4 },
      ],
      ipv6: {
        mode: 'both',
        dhcpv6Supported: true,
        slaacSupported: true,
        addresses: [
          { address: '2001:db8::7', prefixLength: 64, source: 'static', status: 'active' },
          { address: '2001:db8::7', prefixLength: 64, source: 'dhcpv6', status: 'deprecated' },
        ],
      },
      problems: [],
    });
  });

  test('the community string is never asked for, nor anything written', async () => {
    const { requester } = createController();
    await readLan(requester, never, 1);
    const asked = requester.requests.map(({ data }) => data[1]);
    expect(asked).toContain(LanParameterNumber.ipAddress);
    expect(asked).not.toContain(LanParameterNumber.communityString);
    expect(requester.count(getLanConfigurationParameters)).toBe(requester.requests.length);
  });

  test('what a controller does not have is null, without a word', async () => {
    const all = Object.values(LanParameterNumber);
    const missing = all.filter((number) => number !== LanParameterNumber.ipAddress);
    const { requester } = createController({ settings: { lan: { missing } } });
    const report = await readLan(requester, never);
    expect(report).toMatchObject({
      address: '192.0.2.7',
      macAddress: null,
      vlan: null,
      cipherSuites: null,
      ipv6: null,
    });
    expect(report.problems).toEqual([]);
  });

  test('one malformed and one failing parameter are told and spoil nothing', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => {
      if (request.data[1] === LanParameterNumber.subnetMask) return answered([0x11, 255, 255]);
      return request.data[1] === LanParameterNumber.macAddress ? refused(0xff) : pass();
    });
    const report = await readLan(requester, never);
    expect(report).toMatchObject({ address: '192.0.2.7', subnetMask: null, macAddress: null });
    expect(report.problems).toEqual([
      expect.stringMatching(/^Subnet Mask: .*needs 4 bytes/),
      expect.stringMatching(/^MAC Address: FFh/),
    ]);
  });

  test('a controller that claims 255 addresses is asked for 16', async () => {
    const { requester } = createController({ settings: { lan: { ipv6Enables: 2 } } });
    requester.intercept((request, pass) => {
      if (request.data[1] === LanParameterNumber.ipv6Status) return answered([0x11, 0, 255, 3]);
      if (request.data[1] !== LanParameterNumber.ipv6DynamicAddress) return pass();
      return answered(Buffer.concat([Buffer.of(0x11, request.data[2] ?? 0, 1), ipv6Address.address, Buffer.of(64, 0)]));
    });
    expect((await readLan(requester, never)).ipv6?.addresses).toHaveLength(16);
  });

  test('levels by the number of the suite, as Supermicro has them', async () => {
    const { requester } = createController({ parts: { cipherSuites: [1, 2, 3, 6, 7, 8, 11, 12] } });
    requester.intercept((request, pass) =>
      request.data[1] === LanParameterNumber.cipherSuitePrivilegeLevels
        ? answered(Buffer.from('11 00 40 34 00 44 04 40 04 00'.replaceAll(' ', ''), 'hex'))
        : pass(),
    );
    const suites = (await readLan(requester, never)).cipherSuites;
    expect(suites?.map(({ id, privilegeLimit }) => [id, privilegeLimit])).toEqual([
      [1, 4],
      [2, 4],
      [3, 3],
      [6, 4],
      [7, 4],
      [8, 4],
      [11, 4],
      [12, 4],
    ]);
  });

  test('silence ends the report', async () => {
    const { requester } = createController();
    requester.intercept((request, pass) => (request.data[1] === LanParameterNumber.vlanId ? 'silent' : pass()));
    await expect(readLan(requester, never)).rejects.toBeInstanceOf(UnreachableError);
  });
});

describe('watchdog, self test, GUIDs', () => {
  test('a stopped and a running watchdog, and none', async () => {
    const { requester } = createController();
    const stopped = { running: false, use: 'sms-os', action: 'none', presentMs: null };
    expect(await readWatchdog(requester, never)).toMatchObject(stopped);
    // What ipmi_sim 2.0.33 answers: no present countdown.
    requester.intercept(() => answered([0, 0, 0, 0, 0, 0]));
    expect(await readWatchdog(requester, never)).toMatchObject({ running: false, use: 'none', presentMs: null });
    requester.intercept(() => answered([0xc3, 0x31, 10, 0b0001_0110, 0x58, 0x02, 0x2c, 0x01]));
    expect(await readWatchdog(requester, never)).toEqual({
      running: true,
      use: 'os-load',
      action: 'hard-reset',
      preTimeoutInterrupt: 'messaging',
      preTimeoutMs: 10_000,
      initialMs: 60_000,
      presentMs: 30_000,
      logged: false,
      expired: ['bios-frb2', 'bios-post', 'sms-os'],
    });
    requester.intercept(() => refused(0xc1));
    expect(await readWatchdog(requester, never)).toBeNull();
  });

  test.each([
    [0x55, 0, { outcome: 'passed', findings: [] }],
    [0x56, 0, { outcome: 'none', findings: [] }],
    [0x57, 0x08, { outcome: 'failed', findings: ['SDR repository is empty'] }],
  ])('self test %i', async (result, detail, report) => {
    const { requester } = createController({ settings: { selfTest: { result, detail } } });
    expect(await readSelfTest(requester, never)).toEqual(report);
  });

  test('the GUIDs of machine and controller; one that was never set', async () => {
    const guid = Buffer.from('44454c4c580010548033b5c04f475131', 'hex');
    const { requester } = createController({ parts: { guid }, settings: { deviceGuid: Buffer.alloc(16) } });
    expect(await readGuids(requester, never)).toMatchObject({
      system: { uuid: '4c4c4544-0058-5410-8033-b5c04f475131', blank: false, raw: guid.toString('hex') },
      device: { blank: true, plausible: [] },
    });
    requester.intercept((request, pass) => (request.command === getDeviceGuid.command ? refused(0xc1) : pass()));
    expect((await readGuids(requester, never)).device).toBeNull();
  });
});

describe('the simulated controller', () => {
  test('capabilities; a session that is not there; a reset of its own', async () => {
    const { requester, restarts } = createController({ settings: { resetMs: 7_000 } });
    expect((await requester.ask(getChassisCapabilities, undefined, never)).sdrDeviceAddress).toBe(0x20);
    const request = { by: 'index', index: 3 } as const;
    expect(await requester.ask(getSessionInfo, request, never)).toMatchObject({ sessionHandle: 0, activeSessions: 0 });
    expect(await requester.once(coldReset, undefined, never)).toEqual({ kind: 'answered', response: undefined });
    expect(restarts).toEqual([7_000]);
  });
});
