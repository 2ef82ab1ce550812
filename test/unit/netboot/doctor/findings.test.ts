import { describe, expect, it } from 'vitest';
import { diagnose, nextLookAt, RULES } from '../../../../src/domain/boot/diagnosis/diagnose.ts';
import { afterDiagnosis } from '../../../../src/domain/boot/diagnosis/findings.ts';
import { FINDING_CODES } from '../../../../src/domain/boot/diagnosis/rule.ts';
import { bootStory, SERVER, type Story } from '../../../support/boot-story.ts';

const awaited = (story: Story, deadlineMs = 300_000): Story => story.seen({ kind: 'awaited', at: 0, deadlineMs });
const others = (story: Story): Story =>
  story.seen({ kind: 'others', at: 0, servers: [{ address: '10.0.0.5', mac: '02:00:00:00:00:05', proxy: false }] });
const proxy = { mode: 'proxy' } as const;
const relay = { relay: '10.9.0.1' } as const;
const discovers = (story: Story, times: readonly number[], change = {}): Story =>
  times.reduce((told, second) => told.at(second).asked(change).answered(), story);

/** [what happens, story, code, second at which it is not yet found, second at which it is] */
const TROUBLES: readonly (readonly [string, Story, string, number, number])[] = [
  ['nothing is heard in a run that waits', awaited(bootStory()), 'nothing-heard', 239, 240],
  ['nothing is heard, with a long deadline', awaited(bootStory(), 900_000), 'nothing-heard', 719, 720],
  [
    'only a system asks',
    awaited(bootStory()).at(50).asked({ speaker: 'system', architecture: null }),
    'own-disk-booted',
    109,
    110,
  ],
  [
    'a relay of an unknown network',
    bootStory().asked(relay).seen({ kind: 'unanswered', at: 0, why: 'unknown-subnet' }),
    'relay-subnet-unknown',
    9,
    10,
  ],
  [
    'the pool is empty',
    bootStory().asked().seen({ kind: 'unanswered', at: 0, why: 'pool-exhausted' }),
    'no-address',
    19,
    20,
  ],
  [
    'no loader for it',
    bootStory().asked().seen({ kind: 'unanswered', at: 0, why: 'unsupported-architecture', detail: 'EFI RISC-V' }),
    'architecture-unsupported',
    19,
    20,
  ],
  ['its address is taken', bootStory().fourWay('firmware').asked({ type: 'decline' }), 'address-in-use', -1, 0],
  [
    'it insists on a wrong address',
    [1, 2, 3].reduce(
      (story, second) =>
        story.at(second).asked().answered().asked({ type: 'request', chosen: SERVER }).answered({ type: 'nak' }),
      bootStory(),
    ),
    'address-refused',
    2,
    3,
  ],
  [
    'it takes another offer',
    others(bootStory().asked().answered().asked({ type: 'request', chosen: '10.0.0.5', foreign: true })),
    'other-server-chosen',
    9,
    10,
  ],
  [
    'it takes another offer before we made one',
    bootStory().asked().asked({ type: 'request', chosen: '10.0.0.5', foreign: true }),
    'other-server-chosen',
    9,
    10,
  ],
  [
    'it takes another offer, over and over',
    [0, 4, 8, 12].reduce(
      (story, second) =>
        story.at(second).asked().answered().asked({ type: 'request', chosen: '10.0.0.5', foreign: true }),
      bootStory(),
    ),
    'other-server-chosen',
    9,
    12,
  ],
  ['offers are not taken', discovers(bootStory(), [0, 4, 12]), 'offer-not-taken', 19, 20],
  ['an offer is followed by silence', discovers(bootStory(), [0]), 'offer-not-taken', 29, 30],
  [
    'beside another server nobody gives an address',
    discovers(bootStory(), [0, 4, 12], proxy),
    'offer-not-taken',
    19,
    20,
  ],
  [
    'iPXE does not hear offers',
    [20, 24, 30].reduce(
      (story, second) =>
        story.at(second).asked({ speaker: 'ipxe', heardOffers: 'none' }).answered({ names: 'script', file: null }),
      bootStory(),
    ),
    'offer-not-taken',
    39,
    40,
  ],
  [
    'offers do not come back through the relay',
    discovers(bootStory(), [0, 4, 12], relay),
    'relay-not-answering',
    19,
    20,
  ],
  [
    'it is sent to 4011 and does not come there',
    bootStory()
      .asked()
      .answered({ names: 'boot-server', file: null })
      .asked({ type: 'request', chosen: SERVER })
      .answered({ type: 'ack', names: 'boot-server', file: null }),
    'boot-server-filtered',
    19,
    20,
  ],
  [
    'it is sent to 4011 beside another server',
    bootStory().asked(proxy).answered({ names: 'boot-server', file: null }),
    'boot-server-filtered',
    19,
    20,
  ],
  [
    'it asks 4011 again and again',
    [1, 3, 6].reduce(
      (story, second) =>
        story
          .at(second)
          .asked({ channel: 'proxy', type: 'request', configured: true })
          .answered({ channel: 'proxy', type: 'ack' }),
      bootStory().fourWay('firmware'),
    ),
    'boot-server-filtered',
    20,
    21,
  ],
  ['it has all and asks for nothing', bootStory().fourWay('firmware'), 'loader-not-asked', 24, 25],
  [
    'it has all and begins anew, over and over',
    [0, 8, 16, 24].reduce((story, second) => story.at(second).fourWay('firmware'), bootStory()),
    'loader-not-asked',
    24,
    25,
  ],
  [
    'it has all by another server and asks for nothing',
    bootStory()
      .asked(proxy)
      .answered()
      .asked({ ...proxy, type: 'request', chosen: '10.0.0.5', foreign: true }),
    'loader-not-asked',
    24,
    25,
  ],
  [
    'it only asks for the size',
    bootStory().fourWay('firmware').tftp('asked').tftp('probed'),
    'size-probe-only',
    19,
    20,
  ],
  [
    'what TFTP sends does not arrive',
    [1, 2, 4].reduce(
      (story, second) => story.at(second).tftp('repeated'),
      bootStory().fourWay('firmware').tftp('asked'),
    ),
    'tftp-replies-lost',
    10,
    11,
  ],
  [
    'large blocks do not arrive',
    [1, 2, 4].reduce(
      (story, second) => story.at(second).tftp('repeated', { blksize: 1468, blocks: 0 }),
      bootStory().fourWay('firmware').tftp('asked').tftp('answered', { blksize: 1468 }),
    ),
    'tftp-stalled',
    10,
    11,
  ],
  [
    'it breaks the transfer off',
    bootStory().fourWay('firmware').tftp('asked').tftp('answered').tftp('aborted', { why: 'disk full' }),
    'loader-aborted',
    19,
    20,
  ],
  [
    'it asks for a file that is not there',
    bootStory()
      .fourWay('firmware')
      .tftp('asked', { file: 'pxelinux.0' })
      .tftp('refused', { file: 'pxelinux.0', why: 'no such file' }),
    'loader-refused',
    19,
    20,
  ],
  [
    'the loader does nothing',
    bootStory().fourWay('firmware').tftp('asked').tftp('answered').tftp('served'),
    'loader-hangs',
    59,
    60,
  ],
  [
    'a loader by HTTP does nothing',
    bootStory({ patienceMs: 30_000 }).fourWay('firmware').http('asked', 'loader').http('served', 'loader'),
    'loader-hangs',
    29,
    30,
  ],
  [
    'the firmware drops the loader',
    awaited(bootStory()).fourWay('firmware').tftp('asked').tftp('answered').tftp('served').at(5).asked(),
    'loader-not-started',
    4,
    5,
  ],
  ['it comes back too often', bootStory().seen({ kind: 'stopped', at: 0, why: 'hop-limit' }), 'boot-loops', -1, 0],
  ['its iPXE cannot', bootStory().seen({ kind: 'stopped', at: 0, why: 'ipxe-cannot-boot' }), 'ipxe-cannot-boot', -1, 0],
  ['the script is not asked for', bootStory().at(1).fourWay('ipxe'), 'script-not-fetched', 45, 46],
  [
    'the script is not asked for beside another server',
    bootStory()
      .asked({ ...proxy, speaker: 'ipxe' })
      .answered({ names: 'script', file: null }),
    'script-not-fetched',
    44,
    45,
  ],
  [
    'the script is not asked for, and the machine begins anew',
    awaited(bootStory())
      .fourWay('firmware')
      .tftp('asked')
      .tftp('answered')
      .tftp('served')
      .at(2)
      .fourWay('ipxe')
      .at(12)
      .asked(),
    'script-not-fetched',
    11,
    12,
  ],
  [
    'the script is refused',
    bootStory().fourWay('ipxe').http('refused', 'script', { why: 'not yours' }),
    'script-refused',
    -1,
    0,
  ],
  [
    'the kernel is refused',
    bootStory().toScript().http('refused', 'kernel', { why: 'no such file' }),
    'boot-file-refused',
    -1,
    0,
  ],
  ['the kernel is not asked for', bootStory().toScript(), 'kernel-not-fetched', 59, 60],
  ['the kernel stops', bootStory().toScript().http('asked', 'kernel'), 'kernel-not-fetched', 239, 240],
  [
    'the initrd is not asked for',
    bootStory().toScript().http('asked', 'kernel').http('served', 'kernel'),
    'initrd-not-fetched',
    59,
    60,
  ],
];

describe('the boot doctor finds', () => {
  it.each(TROUBLES)('%s', (_name, story, code, before, after) => {
    expect(story.findings(before)).not.toContain(code);
    expect(story.findings(after)).toEqual([code]);
    const next = nextLookAt(story.evidence, before * 1000);
    if (before >= 0) expect(next).toBeLessThanOrEqual(after * 1000);
  });

  it('every code of the list, each by one rule', () => {
    expect(new Set(TROUBLES.map(([, , code]) => code))).toEqual(new Set(FINDING_CODES));
    expect(RULES.map(({ code }) => code).sort()).toEqual([...FINDING_CODES].sort());
  });

  it('says what to do in whole words, whatever is known', () => {
    for (const [what, story, , , after] of TROUBLES) {
      for (const { message, hint, evidence } of diagnose(story.evidence, after * 1000)) {
        for (const text of [message, hint, ...evidence])
          expect(text, what).not.toMatch(/undefined|null|NaN|\[object|^$/);
        expect(hint.length, what).toBeGreaterThan(20);
      }
    }
    // Where a sign goes away while it is told, there is no fault either.
    for (const rule of RULES) expect(() => rule.tell(bootStory().evidence), rule.code).not.toThrow();
  });

  it('names a server that others were seen to be', () => {
    const [, story] = TROUBLES.find(([, , code]) => code === 'other-server-chosen') ?? [];
    const found = afterDiagnosis([], story?.evidence ?? bootStory().evidence, 60_000).found;
    expect(found[0]?.message).toContain('10.0.0.5 (MAC 02:00:00:00:00:05)');
  });
});

describe('nothing is found', () => {
  const works = bootStory()
    .toScript()
    .http('asked', 'kernel')
    .http('served', 'kernel')
    .http('asked', 'initrd')
    .http('served', 'initrd');
  const until = (story: Story, last: number): void => {
    for (let second = 0; second <= last; second++) expect(story.findings(second), `after ${second} s`).toEqual([]);
  };

  it('of a boot that came through, however long it is armed', () => until(awaited(works), 3600));
  it('of a machine whose run does not wait for it yet', () => until(bootStory(), 3600));
  it('of a slow self-test', () => until(awaited(bootStory()), 239));
  it('of a system that renews its lease while its machine is armed', () =>
    until(bootStory().asked({ speaker: 'system', type: 'request', configured: true }), 3600));
  it('of EDK2, which waits four seconds with its request, and probes for the size', () => {
    const story = bootStory()
      .asked()
      .answered()
      .at(4)
      .asked({ type: 'request', chosen: SERVER })
      .answered({ type: 'ack' })
      .tftp('asked')
      .tftp('probed')
      .at(5)
      .tftp('asked')
      .tftp('answered', { blksize: 1468 });
    for (let second = 0; second <= 600; second++) expect(story.findings(second)).toEqual([]);
  });
  it('of lost packets that come the second time', () => {
    const story = discovers(bootStory(), [0, 4])
      .at(8)
      .asked({ type: 'request', chosen: SERVER })
      .answered({ type: 'ack' });
    until(
      story.at(9).tftp('asked').tftp('repeated').tftp('repeated').tftp('moved', { blocks: 5 }).at(30).tftp('repeated'),
      300,
    );
  });
  it('of old iPXE that waits for router advertisements', () => {
    const story = bootStory().fourWay('firmware').tftp('asked').tftp('served').at(20).fourWay('ipxe').at(40);
    until(story.http('asked', 'script').http('served', 'script').http('asked', 'kernel'), 200);
  });
  it('of a machine that is told to come again for its kernel', () => {
    const story = [10, 100, 190].reduce(
      (told, second) => told.at(second).http('put-off', 'kernel'),
      bootStory().toScript(),
    );
    until(story, 400);
  });
  it('of a machine that boots from its own disk as it should', () => {
    until(
      bootStory({ boot: 'local-disk', initrds: 0 }).fourWay('ipxe').http('refused', 'script', { why: 'own disk' }),
      600,
    );
    until(bootStory({ boot: 'script', initrds: 0 }).toScript(), 600);
  });
  it('of a machine that was in the middle of a boot when the run switched it off and on', () => {
    const loaded = bootStory().at(1).fourWay('firmware').tftp('asked').tftp('answered').tftp('served');
    for (const story of [loaded, loaded.at(2).fourWay('ipxe')]) {
      const cycled = story.at(20).seen({ kind: 'awaited', at: 15_000, deadlineMs: 300_000 }).asked().answered();
      expect(cycled.findings(22)).toEqual([]);
    }
  });
  it('of UEFI that was itself loaded, as on a Raspberry Pi', () => {
    const story = bootStory().fourWay('firmware', { architecture: 0 }).tftp('asked').tftp('served').at(5);
    expect(story.asked({ architecture: 11 }).findings(6)).toEqual([]);
  });
  it('of a second card, where the first has no address', () => {
    const story = bootStory().asked().seen({ kind: 'unanswered', at: 0, why: 'no-reservation' }).at(10);
    const second = story.asked({ mac: '52:54:00:00:00:02' }).answered({ mac: '52:54:00:00:00:02' });
    expect(second.findings(25)).toEqual([]);
  });
  it('beside another server, which is asked for the address', () => {
    const story = bootStory()
      .asked(proxy)
      .answered()
      .asked({ ...proxy, type: 'request', chosen: '10.0.0.5', foreign: true });
    until(story.tftp('asked').tftp('answered'), 300);
  });
});

describe('a finding', () => {
  const stuck = discovers(bootStory(), [0, 4, 12]);

  it('is told once, and is over when the boot comes further', () => {
    const first = afterDiagnosis([], stuck.evidence, 30_000);
    expect(first.found.map(({ code }) => code)).toEqual(['offer-not-taken']);
    const second = afterDiagnosis(first.findings, stuck.at(31).asked().answered().evidence, 40_000);
    expect([second.found, second.over]).toEqual([[], []]);
    const further = stuck.at(50).asked({ type: 'request', chosen: SERVER }).answered({ type: 'ack' });
    const third = afterDiagnosis(second.findings, further.evidence, 51_000);
    expect(third.over).toMatchObject([{ code: 'offer-not-taken', overAt: 50_000 }]);
    expect(afterDiagnosis(third.findings, further.evidence, 52_000)).toMatchObject({ found: [], over: [] });
  });

  it('stays when its sign goes away because the machine began anew', () => {
    const { findings } = afterDiagnosis([], stuck.evidence, 30_000);
    const change = afterDiagnosis(findings, stuck.at(200).asked().evidence, 200_000);
    expect(change.findings).toMatchObject([{ code: 'offer-not-taken', overAt: null }]);
  });

  it('can come again after it was over', () => {
    const first = afterDiagnosis([], stuck.evidence, 30_000);
    const through = stuck.at(50).toScript();
    const over = afterDiagnosis(first.findings, through.evidence, 51_000);
    const again = discovers(through, [300, 304, 312]);
    expect(afterDiagnosis(over.findings, again.evidence, 330_000).found.map(({ code }) => code)).toEqual([
      'offer-not-taken',
    ]);
  });

  it('is one of so many, whatever a machine does', () => {
    let findings = afterDiagnosis([], stuck.evidence, 30_000).findings;
    for (let round = 1; round < 100; round++) {
      const through = bootStory()
        .at(round * 1000)
        .toScript();
      findings = afterDiagnosis(findings, through.evidence, round * 1_000_000 + 1).findings;
      const again = discovers(
        through,
        [1, 5, 13].map((second) => round * 1000 + 100 + second),
      );
      findings = afterDiagnosis(findings, again.evidence, round * 1_000_000 + 150_000).findings;
    }
    expect(findings.length).toBeLessThanOrEqual(32);
  });
});

describe('evidence', () => {
  it('is JSON, and goes on after it was read back', () => {
    const { evidence } = bootStory().toScript();
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  });
});
