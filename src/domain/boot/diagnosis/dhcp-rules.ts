import { fetchedSince, talkOf } from './evidence.ts';
import { count, othersText, type Rule, serverText } from './rule.ts';
import type { Talk } from './talk.ts';

/** Share of the time that a run gives its netboot step, after which silence is told: before the step ends, after a slow self-test. */
const SILENCE_SHARE = 0.8;
/** A system that asks for an address this long after the run began to wait did not come by the network. */
const OWN_DISK_MS = 60_000;
/** Before another try of the same machine may do better: another card, another architecture, another kind of boot. */
const ANOTHER_TRY_MS = 20_000;
/** An address from before may be refused once, twice where that refusal was lost. */
const MANY_NAKS = 3;
/** Firmware asks for its loader within a second of its address. */
const LOST_MS = 10_000;
/** EDK2 waits 4 s for further offers, ROMs likewise; their third try comes 12 s after the first. */
const NOT_TAKEN_MS = 20_000;
const FEW_OFFERS = 2;
const SILENT_MS = 30_000;

/** Refusals of the address book, each with what it means. */
const NO_ADDRESS: Readonly<Record<string, string>> = {
  'pool-exhausted': 'every address of the pool is taken',
  'no-reservation': 'this network card has no reserved address, and the interface gives declared addresses only',
  'address-not-on-this-network': 'its declared address belongs to another network than the one it asks from',
};

export const DHCP_RULES: readonly Rule[] = [
  {
    code: 'nothing-heard',
    severity: 'error',
    dueAt: ({ awaited, heardAt }) =>
      awaited === null || heardAt !== null ? undefined : awaited.at + SILENCE_SHARE * awaited.deadlineMs,
    tell: ({ others }) => ({
      message: 'not one packet of the machine was heard since the run waits for it to netboot',
      hint: `Check that the declared MAC addresses are those of the network cards it boots from, that network boot is on and comes first in its firmware, and that its switch port is in the served network. From another network its router must relay DHCP to us (ip helper-address).${othersText(others)}`,
      evidence: ['no DHCP, TFTP or HTTP packet of it'],
    }),
  },
  {
    code: 'own-disk-booted',
    severity: 'error',
    dueAt: ({ awaited, system, marks }) =>
      awaited === null || system === null || Object.keys(marks).length > 0
        ? undefined
        : Math.max(system.firstAt, awaited.at) + OWN_DISK_MS,
    tell: () => ({
      message: "only an operating system's DHCP client was heard: the machine did not boot from the network",
      hint: 'Put network boot before the disk in its firmware, or see why the boot override of its BMC did not stick (bootwright boot-override).',
      evidence: ['DHCP without option 93 or a boot vendor class, and none with'],
    }),
  },
  refusal('relay-subnet-unknown', ['unknown-subnet'], LOST_MS, ({ relay }) => ({
    message: `it asks through the relay ${relay ?? '(unknown)'}, whose network is not listed`,
    hint: 'List that network under subnets of the interface, with its router; or correct which address the relay gives as its own.',
  })),
  refusal('no-address', Object.keys(NO_ADDRESS), ANOTHER_TRY_MS, ({ unanswered, mac }) => ({
    message: `there is no address for ${mac}: ${NO_ADDRESS[unanswered?.why ?? ''] ?? 'none'}`,
    hint: 'Declare an address of that network for the machine (its first MAC address gets it), or enlarge the pool.',
  })),
  refusal('architecture-unsupported', ['unsupported-architecture'], ANOTHER_TRY_MS, ({ unanswered }) => ({
    message: `there is no boot loader for its firmware: ${unanswered?.detail ?? 'unknown architecture'}`,
    hint: 'Put a loader for it into the loaders folder and name it in loaders.json, or set its firmware to another mode.',
  })),
  {
    code: 'address-in-use',
    severity: 'error',
    dueAt: (evidence) => {
      const talk = talkOf(evidence);
      const declinedAt = talk?.declinedAt ?? undefined;
      return declinedAt === undefined || fetchedSince(evidence.pass, declinedAt) ? undefined : declinedAt;
    },
    tell: () => ({
      message: 'the machine declined its address: another host on its network answers for it',
      hint: 'Find who has the address (arping, the switch), and give one of the two another.',
      evidence: ['a DHCPDECLINE after our ACK'],
    }),
  },
  {
    code: 'address-refused',
    severity: 'error',
    dueAt: (evidence) => {
      const talk = talkOf(evidence);
      if (talk === null || talk.nakAt === null || talk.ackedAt !== null) return undefined;
      return talk.naks < MANY_NAKS ? undefined : talk.nakAt;
    },
    tell: (evidence) => ({
      message: `the machine asked for an address that it cannot have, and was refused ${talkOf(evidence)?.naks ?? 0} times`,
      hint: 'It holds on to an address of another network or another server: see which DHCP servers its network has, and its declared address.',
      evidence: [`${count(talkOf(evidence)?.naks ?? 0, 'DHCPNAK')} sent`],
    }),
  },
  {
    code: 'other-server-chosen',
    severity: 'error',
    dueAt: (evidence) => {
      const lost = talkOf(evidence)?.since.lost;
      return lost == null || fetchedSince(evidence.pass, lost.at) ? undefined : lost.at + LOST_MS;
    },
    tell: (evidence) => {
      const server = talkOf(evidence)?.since.lost?.server ?? '';
      return {
        message: `the machine took the offer of another DHCP server, ${serverText(server, evidence.others)}, and asked us for nothing since`,
        hint: 'Remove that server from the network, or let it ignore this machine; or set the interface to mode proxy, which works beside another server.',
        evidence: [`DHCPREQUEST names server ${server} (option 54)`, `our offer was ${talkLine(talkOf(evidence))}`],
      };
    },
  },
  notTaken('relay-not-answering', (talk) => talk.relay !== null),
  notTaken('offer-not-taken', (talk) => talk.relay === null),
];

/** A refusal that the last of its questions ended with. */
function refusal(
  code: Rule['code'],
  reasons: readonly string[],
  lastsMs: number,
  words: (talk: Talk) => { readonly message: string; readonly hint: string },
): Rule {
  return {
    code,
    severity: 'error',
    dueAt: (evidence) => {
      const refused = talkOf(evidence)?.unanswered;
      return refused == null || !reasons.includes(refused.why) ? undefined : refused.at + lastsMs;
    },
    tell: (evidence) => {
      const talk = talkOf(evidence);
      const said = talk === null ? { message: '', hint: '' } : words(talk);
      return {
        ...said,
        evidence: [`${count(talk?.discovers ?? 0, 'DISCOVER')} left unanswered: ${talk?.unanswered?.why ?? ''}`],
      };
    },
  };
}

/** Offers go out, and the machine asks on as if there were none. */
function notTaken(code: 'offer-not-taken' | 'relay-not-answering', applies: (talk: Talk) => boolean): Rule {
  return {
    code,
    severity: 'error',
    dueAt: (evidence) => {
      const talk = talkOf(evidence);
      if (talk === null || !applies(talk) || talk.requestedAt !== null || talk.bootServerAsks > 0) return undefined;
      const { since, lastOfferAt } = talk;
      if (since.offered === null || lastOfferAt === null || fetchedSince(evidence.pass, since.offered))
        return undefined;
      if (talk.offers > FEW_OFFERS) return since.offered + NOT_TAKEN_MS;
      // It may have asked the other server without our hearing it: then what it was told to do next did not come.
      const told = talk.names === 'boot-server' || (talk.mode === 'proxy' && talk.names === 'script');
      return told ? undefined : lastOfferAt + SILENT_MS;
    },
    tell: (evidence) => {
      const talk = talkOf(evidence);
      const others = othersText(evidence.others);
      const heard =
        talk?.heardOffers === 'none'
          ? ['iPXE itself says that it has heard no offer: ours do not reach it']
          : talk?.heardOffers === 'some'
            ? ['iPXE itself says that it has heard an offer, and takes none']
            : [];
      const lines = [talkLine(talk), 'no DHCPREQUEST after them', ...heard];
      if (code === 'relay-not-answering')
        return {
          message: `our offers go back to the relay ${talk?.relay ?? ''}, and the machine asks on as if none had come`,
          hint: `The way back is broken: our answers go to UDP port 67 of that address. Check our route to it, firewalls in between, and that the relay passes on answers of this server.${others}`,
          evidence: lines,
        };
      return {
        message:
          talk?.mode === 'proxy'
            ? 'our boot offers go out, and the machine asks on: it gets no address from the other DHCP server, or ignores the offers'
            : 'our offers go out, and the machine takes none',
        hint:
          talk?.mode === 'proxy'
            ? `Check that the network's DHCP server gives this machine an address; if it does, its firmware may need noBypass (firmware in its declaration).${others}`
            : `Check the switch (spanning tree without portfast, DHCP snooping: our port must be trusted); if answers do reach the machine, its firmware may need noVendorClass or noBypass (firmware in its declaration).${others}`,
        evidence: lines,
      };
    },
  };
}

/** "3 DISCOVERs, 3 offers, of ipxe.efi". */
export function talkLine(talk: Talk | null): string {
  if (talk === null) return 'nothing';
  const file = talk.file === null ? '' : `, naming ${talk.file}`;
  return `${count(talk.discovers, 'DISCOVER')} of ${talk.mac}, ${count(talk.offers, 'offer')} of ours${file}`;
}
