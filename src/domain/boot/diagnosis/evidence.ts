import type { BootKind } from '../../armed-boot.ts';
import { afterLoaderRequest, afterTransferred, type Load } from './load.ts';
import { type BootMark, furthest, type MarkTimes, marked, rankOf } from './marks.ts';
import type { Answered, Asked, BootObservation, Fetched, OtherServerSeen, Transferred } from './observation.ts';
import { afterAnswering, afterAsking, NOTHING_SINCE, type Talk } from './talk.ts';

/** What an attempt is to boot, and how long its parts may take. */
export type BootExpectation = {
  readonly boot: BootKind;
  readonly initrds: number;
  /** How long a fetched loader may take until it asks for something, milliseconds. */
  readonly patienceMs: number;
};

/** One file of the attempt over HTTP. */
export type FileFetch = {
  readonly firstAt: number;
  readonly lastAt: number;
  /** `put-off`: told to come again later. */
  readonly state: 'asked' | 'put-off' | 'served' | 'refused';
  readonly why: string | null;
};

/**
 * One way through the boot, from the firmware's first question. A machine that fails begins anew; what the pass before came to is
 * kept, since that it came back is a sign by itself.
 */
export type BootPass = {
  readonly startedAt: number;
  readonly marks: MarkTimes;
  readonly firmware: Talk | null;
  readonly ipxe: Talk | null;
  readonly load: Load | null;
  /** Since when iPXE knows the script's URL and could fetch it. */
  readonly scriptNamedAt: number | null;
  readonly files: { readonly [name: string]: FileFetch };
};

/**
 * What was seen of one attempt, by observation after observation. A value made of JSON, so that it outlives the process; whoever
 * keeps it replaces it by what {@link afterObservation} returns. Times are epoch milliseconds.
 */
export type BootEvidence = {
  /** Of this shape; evidence of another one is begun anew. */
  readonly version: 1;
  readonly expects: BootExpectation;
  readonly armedAt: number;
  readonly awaited: { readonly at: number; readonly deadlineMs: number } | null;
  /** Anything at all of the machine was heard. */
  readonly heardAt: number | null;
  /** An operating system's DHCP client has asked, before anything was fetched. */
  readonly system: { readonly firstAt: number } | null;
  readonly marks: MarkTimes;
  readonly passes: number;
  readonly pass: BootPass;
  readonly before: { readonly pass: BootPass; readonly endedAt: number } | null;
  readonly stopped: { readonly at: number; readonly why: string } | null;
  readonly others: readonly OtherServerSeen[];
};

export const KERNEL_FILE = 'kernel';
export const SCRIPT_FILE = 'script.ipxe';

/** More files than any attempt has; a script's own are not looked at one by one. */
const MOST_FILES = 32;

const emptyPass = (startedAt: number): BootPass => ({
  ...{ startedAt, marks: {}, firmware: null, ipxe: null, load: null, scriptNamedAt: null, files: {} },
});

/** The evidence of an attempt that was just armed. */
export function noEvidence(expects: BootExpectation, armedAt: number): BootEvidence {
  return {
    ...{ version: 1, expects, armedAt, awaited: null, heardAt: null, system: null, marks: {}, passes: 1 },
    ...{ pass: emptyPass(armedAt), before: null, stopped: null, others: [] },
  };
}

/** The evidence after one more observation. Observations come in the order of their times. */
export function afterObservation(evidence: BootEvidence, seen: BootObservation): BootEvidence {
  switch (seen.kind) {
    case 'asked':
      return afterAsked({ ...evidence, heardAt: seen.at }, seen);
    case 'answered':
      return afterAnswered(evidence, seen);
    case 'tftp':
      return afterTransfer({ ...evidence, heardAt: seen.at }, seen);
    case 'http':
      return afterFetch({ ...evidence, heardAt: seen.at }, seen);
    case 'heard':
      return { ...evidence, heardAt: seen.at };
    case 'unanswered': {
      const unanswered = { why: seen.why, detail: seen.detail ?? null, at: seen.at };
      return withTalk(evidence, (talk) => ({ ...talk, unanswered }));
    }
    case 'stopped':
      return { ...evidence, stopped: { at: seen.at, why: seen.why } };
    case 'awaited':
      return { ...evidence, awaited: { at: seen.at, deadlineMs: seen.deadlineMs } };
    case 'others':
      return { ...evidence, others: seen.servers.slice(0, 8) };
  }
}

/** The conversation that goes on, or was the last. */
export function talkOf({ pass: { firmware, ipxe } }: Pick<BootEvidence, 'pass'>): Talk | null {
  return ipxe ?? firmware;
}

/** Whether anything was got over TFTP or HTTP since a time, the request counting. */
export function fetchedSince({ load, files }: BootPass, at: number): boolean {
  return (load !== null && load.lastAt >= at) || Object.values(files).some(({ lastAt }) => lastAt >= at);
}

/**
 * The pass before this one, where the machine ended it: a run that arms a machine which asks the network already switches it off
 * and on again, in the middle of whatever it does, and waits for it only then.
 */
export function endedByItself({ before, awaited }: BootEvidence): BootEvidence['before'] {
  if (before === null || awaited === null) return null;
  const began = Math.min(...Object.values(before.pass.marks).map(({ first }) => first));
  return began >= awaited.at ? before : null;
}

function afterAsked(evidence: BootEvidence, asked: Asked): BootEvidence {
  const { speaker } = asked;
  if (speaker === 'system') {
    // A running system renews its lease while its machine is armed; one that starts has no address yet.
    const starts = !asked.configured && (asked.type === 'discover' || asked.type === 'request');
    if (!starts || rankOf(furthest(evidence.marks)) > 0 || evidence.system !== null) return evidence;
    return { ...evidence, system: { firstAt: asked.at } };
  }
  const current = beginsPass(evidence, asked) ? nextPass(evidence, asked.at) : evidence;
  const { pass } = current;
  const talk = afterAsking(pass[speaker], speaker, asked);
  const held = withPass(current, { ...pass, [speaker]: talk });
  if (speaker === 'ipxe') {
    const told = talk.since.told !== null && talk.names === 'script';
    const named = told ? (pass.scriptNamedAt ?? asked.at) : pass.scriptNamedAt;
    return reached(withPass(held, { ...held.pass, scriptNamedAt: named }), 'ipxe', asked.at);
  }
  return reached(held, 'asked', asked.at);
}

/** Firmware or a ROM's iPXE that asks after it had fetched something has been started anew. */
function beginsPass({ pass }: BootEvidence, { speaker, type, channel, architecture }: Asked): boolean {
  if (type !== 'discover' || channel === 'proxy') return false;
  const came = rankOf(furthest(pass.marks));
  if (came >= rankOf('script')) return true;
  if (speaker === 'ipxe') return false;
  if (pass.ipxe !== null) return true;
  if (came < rankOf('loader')) return false;
  // Firmware that was itself loaded asks as another architecture: the UEFI of a Raspberry Pi.
  return pass.firmware?.architecture === architecture;
}

function nextPass(evidence: BootEvidence, at: number): BootEvidence {
  const before = { pass: evidence.pass, endedAt: at };
  return { ...evidence, passes: evidence.passes + 1, pass: emptyPass(at), before };
}

function afterAnswered(evidence: BootEvidence, answered: Answered): BootEvidence {
  const talk = talkOf(evidence);
  if (talk === null || talk.mac !== answered.mac) return evidence;
  const after = withTalk(evidence, (each) => afterAnswering(each, answered));
  const { at, type, names } = answered;
  if (type === 'nak' || names === 'nothing') return after;
  if (talk.speaker === 'ipxe') {
    if (names !== 'script') return reached(after, names === 'loader' ? 'offered' : 'ipxe', at);
    const told = type === 'ack' || (talk.mode === 'proxy' && talk.since.told !== null);
    const scriptNamedAt = after.pass.scriptNamedAt ?? (told ? at : null);
    return reached(withPass(after, { ...after.pass, scriptNamedAt }), 'script-named', at);
  }
  const offered = reached(after, 'offered', at);
  return type === 'ack' && answered.channel === 'dhcp' ? reached(offered, 'taken', at) : offered;
}

function afterTransfer(evidence: BootEvidence, seen: Transferred): BootEvidence {
  const { pass } = evidence;
  const load = afterTransferred(pass.load, seen);
  const after = clearSince(withPass(evidence, { ...pass, load }));
  if (seen.what === 'served') return reached(after, 'loader', seen.at);
  return seen.what === 'asked' ? reached(after, 'loader-asked', seen.at) : after;
}

function afterFetch(evidence: BootEvidence, seen: Fetched): BootEvidence {
  const { at, of, what, file, why } = seen;
  const { pass, expects } = evidence;
  if (of === 'loader') {
    const after = clearSince(withPass(evidence, { ...pass, load: afterLoaderRequest(pass.load, seen) }));
    return reached(after, what === 'served' ? 'loader' : 'loader-asked', at);
  }
  const known = pass.files[file];
  if (known === undefined && Object.keys(pass.files).length >= MOST_FILES) return evidence;
  // What was got whole stays so, though it is asked for again.
  const state = known?.state === 'served' ? 'served' : what;
  const fetch = { firstAt: known?.firstAt ?? at, lastAt: at, state, why: why ?? null };
  const after = clearSince(withPass(evidence, { ...pass, files: { ...pass.files, [file]: fetch } }));
  const mark = of === 'script' ? 'script' : of === 'kernel' ? 'kernel' : null;
  const passed = mark === null || what !== 'served' ? after : reached(after, mark, at);
  return gotAll(passed.pass, expects) ? reached(passed, 'files', at) : passed;
}

/** Whether all was got that the attempt is to boot. */
export function gotAll({ files }: BootPass, { boot, initrds }: BootExpectation): boolean {
  const served = Object.entries(files).filter(([, { state }]) => state === 'served');
  const names = served.map(([name]) => name);
  if (boot === 'script') return names.includes(SCRIPT_FILE);
  if (boot === 'local-disk') return files[SCRIPT_FILE] !== undefined;
  return names.includes(KERNEL_FILE) && names.filter((name) => name.startsWith('initrd/')).length >= initrds;
}

function reached(evidence: BootEvidence, mark: BootMark, at: number): BootEvidence {
  const pass = { ...evidence.pass, marks: marked(evidence.pass.marks, mark, at) };
  return { ...evidence, marks: marked(evidence.marks, mark, at), pass };
}

function withPass(evidence: BootEvidence, pass: BootPass): BootEvidence {
  return { ...evidence, pass };
}

function withTalk(evidence: BootEvidence, change: (talk: Talk) => Talk): BootEvidence {
  const { pass } = evidence;
  if (pass.ipxe !== null) return withPass(evidence, { ...pass, ipxe: change(pass.ipxe) });
  if (pass.firmware !== null) return withPass(evidence, { ...pass, firmware: change(pass.firmware) });
  return evidence;
}

/** Whatever was amiss with DHCP is over once something is asked for. */
function clearSince(evidence: BootEvidence): BootEvidence {
  return withTalk(evidence, (talk) => ({ ...talk, since: NOTHING_SINCE }));
}
