import { talkLine } from './dhcp-rules.ts';
import { type BootEvidence, endedByItself } from './evidence.ts';
import type { Load } from './load.ts';
import { furthest, rankOf } from './marks.ts';
import { count, type FindingText, othersText, type Rule } from './rule.ts';
import type { Talk } from './talk.ts';

/** EDK2 asks port 4011 four times within 10 s (PxeBcRetryBinlOffer). */
const BOOT_SERVER_MS = 20_000;
const BOOT_SERVER_ASKS = 3;
/** Firmware asks for its loader within seconds of its address; retries of a lost request come within 15 s. */
const LOADER_ASKED_MS = 25_000;
/** After a size probe EDK2 asks again within a second. */
const PROBED_MS = 20_000;
/** Lost packets are sent again within seconds; the third time in a row is no accident. */
const STALLED_MS = 10_000;
const STALLED_REPEATS = 3;
/** Firmware that could not have a file may go on to another. */
const GAVE_UP_MS = 20_000;

/** Firmware's part after DHCP: from the address to a loader that runs. */
export const LOADER_RULES: readonly Rule[] = [
  {
    code: 'boot-server-filtered',
    severity: 'error',
    dueAt(evidence) {
      const talk = firmwareTalk(evidence);
      if (talk === null || evidence.pass.load !== null) return undefined;
      if (talk.bootServerFirstAt !== null)
        return talk.bootServerAsks >= BOOT_SERVER_ASKS ? talk.bootServerFirstAt + BOOT_SERVER_MS : undefined;
      if (talk.names !== 'boot-server') return undefined;
      if (talk.since.told !== null) return talk.since.told + BOOT_SERVER_MS;
      // Beside another server its request may pass us by.
      const unheard = talk.mode === 'proxy' && talk.offers > 0 && talk.lastOfferAt !== null;
      return unheard ? (talk.lastOfferAt ?? 0) + BOOT_SERVER_MS : undefined;
    },
    tell(evidence) {
      const talk = firmwareTalk(evidence);
      const asks = talk?.bootServerAsks ?? 0;
      return {
        message:
          asks === 0
            ? 'the machine was sent on to our boot server, and no request came to UDP port 4011'
            : `the machine asked our boot server on UDP port 4011 ${asks} times, and goes on asking: our answers do not reach it`,
        hint: 'Let UDP port 4011 through, in both directions: firewalls of this host and between the networks. Answers go to the port that a request came from (4011 or 68).',
        evidence: [
          talkLine(talk),
          `${count(asks, 'request')} on port 4011, ${count(talk?.bootServerAnswers ?? 0, 'answer')}`,
        ],
      };
    },
  },
  {
    code: 'loader-not-asked',
    severity: 'error',
    dueAt(evidence) {
      const talk = firmwareTalk(evidence);
      if (talk === null || talk.names !== 'loader' || talk.since.told === null) return undefined;
      if (evidence.pass.load !== null || talk.bootServerAsks > 0) return undefined;
      return talk.since.told + LOADER_ASKED_MS;
    },
    tell(evidence) {
      const talk = firmwareTalk(evidence);
      return {
        message: `the machine has its address and the name of its loader (${talk?.file ?? 'unnamed'}), and no request for it came`,
        hint: `Let UDP ports 69 and 4011 through (for UEFI HTTP boot the TCP port of boot files), and the ports above 1024 that TFTP answers from; behind a relay the machine needs a router in its subnet's settings. If nothing is filtered, its firmware may ignore our answer: see firmware in its declaration.${othersText(evidence.others)}`,
        evidence: [talkLine(talk), 'nothing on UDP ports 69 and 4011 since'],
      };
    },
  },
  {
    code: 'size-probe-only',
    severity: 'error',
    dueAt: ({ pass: { load } }) => (load?.end === 'probed' ? (load.endedAt ?? 0) + PROBED_MS : undefined),
    tell: ({ pass: { load } }) => ({
      message: `the firmware asked how large ${load?.file ?? 'the loader'} is, and never fetched it`,
      hint: "Most firmware that stops here has no room for the file or drops packets of the announced size: try a smaller loader (snponly.efi, by firmware.loader of its declaration), update the card's firmware, and see its screen.",
      evidence: [`${count(load?.asks ?? 0, 'read request')} by TFTP, ended by the client after the size was told`],
    }),
  },
  stalled(
    'tftp-replies-lost',
    ({ answered }) => !answered,
    (load) => ({
      message: `the machine asks for ${load.file}, and what we send back does not reach it`,
      hint: 'TFTP answers come from a new port above 1024: a firewall or address translation between drops them. Let them through, or serve everything from port 69 (singlePort).',
      evidence: [
        `${count(load.asks, 'read request')}, answered ${count(load.repeats + 1, 'time')}, never acknowledged`,
      ],
    }),
  ),
  stalled(
    'tftp-stalled',
    ({ answered }) => answered,
    (load) => ({
      message: `${load.file} stops after ${count(load.blocks, 'block')}: the next is sent again and again without an acknowledgement`,
      hint: `Packets of ${load.blksize === null ? 'that size' : `${load.blksize + 32} bytes`} seem to be dropped on the way (a smaller MTU in a tunnel or VLAN), or the card hangs while it receives. Try a smaller block size (512 passes everywhere), and another loader or port.`,
      evidence: [`${count(load.blocks, 'block')} acknowledged`, `sent again ${count(load.repeats, 'time')}`],
    }),
  ),
  {
    code: 'loader-aborted',
    severity: 'error',
    dueAt: ({ pass: { load } }) => (load?.end === 'aborted' ? (load.endedAt ?? 0) + GAVE_UP_MS : undefined),
    tell: ({ pass: { load } }) => ({
      message: `the machine ended the transfer of ${load?.file ?? 'its loader'} itself: ${load?.why ?? 'no reason given'}`,
      hint: 'See its screen. Most often the file is too large for it, or of another architecture: try another loader (firmware.loader of its declaration).',
      evidence: [`TFTP ERROR of the client after ${count(load?.blocks ?? 0, 'block')}`],
    }),
  },
  {
    code: 'loader-refused',
    severity: 'error',
    dueAt({ pass: { load, marks } }) {
      if (load?.end !== 'refused' || rankOf(furthest(marks)) >= rankOf('loader')) return undefined;
      return (load.endedAt ?? 0) + GAVE_UP_MS;
    },
    tell: ({ pass: { load } }) => ({
      message: `the machine asked for ${load?.file ?? 'a file'}, which it was refused: ${load?.why ?? ''}`,
      hint: 'If that is not the name it was offered, something else told it: another boot server, or a file name set in its firmware.',
      evidence: [`${load?.by === 'http' ? 'HTTP' : 'TFTP'} request for ${load?.file ?? ''} refused`],
    }),
  },
  {
    code: 'loader-hangs',
    severity: 'error',
    dueAt: ({ pass, expects }) => {
      const served = servedLoad(pass.load);
      // GRUB in the place of iPXE asks DHCP for nothing.
      const further = pass.ipxe !== null || rankOf(furthest(pass.marks)) >= rankOf('script');
      return served === undefined || further ? undefined : served.endedAt + expects.patienceMs;
    },
    tell: ({ pass: { load }, expects }) => ({
      message: `${load?.file ?? 'the loader'} was fetched whole, and nothing was heard since for ${Math.round(expects.patienceMs / 1000)} s: it hangs`,
      hint: "Loaders with drivers of their own hang on some network cards: the next try is offered another one by itself. To choose: firmware.loader of its declaration (snponly.efi uses the firmware's own driver).",
      evidence: [`${load?.file ?? 'the loader'} served by ${load?.by.toUpperCase() ?? ''}`, 'no DHCP of iPXE after it'],
    }),
  },
  {
    code: 'loader-not-started',
    severity: 'error',
    dueAt(evidence) {
      const { pass, expects } = evidence;
      const before = endedByItself(evidence);
      if (before === null || before.pass.ipxe !== null || rankOf(furthest(pass.marks)) >= rankOf('ipxe'))
        return undefined;
      const served = servedLoad(before.pass.load);
      // Later than that it hung before, and was reset.
      return served === undefined || before.endedAt - served.endedAt > expects.patienceMs ? undefined : before.endedAt;
    },
    tell: ({ before }) => ({
      message: `the firmware fetched ${before?.pass.load?.file ?? 'its loader'}, did not run it, and began anew`,
      hint: 'With Secure Boot on, firmware drops what is not signed without a word: set netboot.secureBoot to on, or Secure Boot off. Else the file is of another architecture than the firmware.',
      evidence: [`${before?.pass.load?.file ?? 'the loader'} fetched, then a DISCOVER of the firmware again`],
    }),
  },
];

function firmwareTalk({ pass }: BootEvidence): Talk | null {
  return pass.ipxe === null ? pass.firmware : null;
}

function servedLoad(load: Load | null): { readonly endedAt: number } | undefined {
  return load?.end === 'served' && load.endedAt !== null ? { endedAt: load.endedAt } : undefined;
}

function stalled(
  code: 'tftp-replies-lost' | 'tftp-stalled',
  applies: (load: Load) => boolean,
  tell: (load: Load) => FindingText,
): Rule {
  return {
    code,
    severity: 'error',
    dueAt: ({ pass: { load } }) => {
      if (load === null || load.end !== null || load.stalledAt === null || !applies(load)) return undefined;
      return load.repeats < STALLED_REPEATS ? undefined : load.stalledAt + STALLED_MS;
    },
    tell: ({ pass: { load } }) => (load === null ? { message: '', hint: '', evidence: [] } : tell(load)),
  };
}
