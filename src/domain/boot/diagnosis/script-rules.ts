import { talkLine } from './dhcp-rules.ts';
import {
  type BootEvidence,
  type BootPass,
  endedByItself,
  type FileFetch,
  KERNEL_FILE,
  SCRIPT_FILE,
} from './evidence.ts';
import { furthest, rankOf } from './marks.ts';
import { count, type Rule } from './rule.ts';

/** Older iPXE waits up to 19 s for IPv6 router advertisements before its first request. */
const SCRIPT_MS = 45_000;
/** A machine that began anew sooner after its script was named was reset, not turned away. */
const TRIED_MS = 3000;
/** iPXE asks for the kernel as soon as it has the script, unless a script's own command asks the network first. */
const NEXT_FILE_MS = 60_000;
/** A whole initrd over a slow line. */
const WHOLE_FILE_MS = 240_000;

/** iPXE's part: script, kernel and initrds over HTTP. */
export const SCRIPT_RULES: readonly Rule[] = [
  stop('boot-loops', 'hop-limit', {
    message:
      'the machine came back three times after it had fetched what it was given, and is given no more in this attempt',
    hint: 'What it boots resets it or hands back to the firmware: see its console. If it is to boot from its own disk after the first time, declare that.',
  }),
  stop('ipxe-cannot-boot', 'ipxe-cannot-boot', {
    message: "the iPXE in the machine's ROM lacks HTTP or kernel support, and ours did not run in its place",
    hint: "Update the card's ROM, or let its firmware boot by UEFI instead.",
  }),
  {
    code: 'script-not-fetched',
    severity: 'error',
    dueAt(evidence) {
      const { pass } = evidence;
      const before = endedByItself(evidence);
      const now = unfetchedSince(pass);
      if (now !== undefined) return now + SCRIPT_MS;
      if (before === null || rankOf(furthest(pass.marks)) >= rankOf('script')) return undefined;
      const then = unfetchedSince(before.pass);
      return then === undefined || before.endedAt - then < TRIED_MS ? undefined : before.endedAt;
    },
    tell: ({ pass, before }) => ({
      message: 'iPXE was given the URL of its script, and no HTTP request came',
      hint: "Let the TCP port of boot files (netboot.http.port) through: firewalls of this host and between the networks. Behind a relay the machine needs a router in its subnet's settings. See its screen for the error of iPXE.",
      evidence: [
        talkLine(pass.ipxe ?? before?.pass.ipxe ?? null),
        'the script was named, and no TCP request for it came',
      ],
    }),
  },
  {
    code: 'script-refused',
    severity: 'error',
    dueAt(evidence) {
      const script = evidence.pass.files[SCRIPT_FILE];
      return script?.state !== 'refused' || evidence.expects.boot === 'local-disk' ? undefined : script.lastAt;
    },
    tell: ({ pass: { files } }) => ({
      message: `the machine asked for its script and was refused: ${files[SCRIPT_FILE]?.why ?? ''}`,
      hint: 'If it comes from another address than the declared one, another DHCP server gave it that: declare that address, or reserve the declared one there.',
      evidence: [`HTTP request for ${SCRIPT_FILE} refused`],
    }),
  },
  {
    code: 'boot-file-refused',
    severity: 'error',
    dueAt: ({ pass: { files } }) => refusedFile(files)?.[1].lastAt,
    tell({ pass: { files } }) {
      const [name, file] = refusedFile(files) ?? ['', undefined];
      return {
        message: `the machine asked for ${name} and was refused: ${file?.why ?? ''}`,
        hint: 'See that what its netboot section names is there: bootwright assets list, and the folders of netboot.assets.',
        evidence: [`HTTP request for ${name} refused`],
      };
    },
  },
  {
    code: 'kernel-not-fetched',
    severity: 'error',
    dueAt(evidence) {
      const { files } = evidence.pass;
      return bootsKernel(evidence) ? missingSince(files[SCRIPT_FILE], files[KERNEL_FILE]) : undefined;
    },
    tell: ({ pass: { files } }) => ({
      message: `the script was fetched, and the kernel was ${files[KERNEL_FILE] === undefined ? 'not asked for' : 'not taken to its end'}`,
      hint: 'See the screen of the machine for the error of iPXE: too little memory, a kernel of another architecture, or one that Secure Boot refuses.',
      evidence: [`${SCRIPT_FILE} served`, fileLine(KERNEL_FILE, files[KERNEL_FILE])],
    }),
  },
  {
    code: 'initrd-not-fetched',
    severity: 'error',
    dueAt(evidence) {
      const { files } = evidence.pass;
      if (!bootsKernel(evidence)) return undefined;
      const name = missingInitrd(evidence);
      return name === undefined ? undefined : missingSince(files[KERNEL_FILE], files[name]);
    },
    tell(evidence) {
      const { files } = evidence.pass;
      const name = missingInitrd(evidence) ?? '';
      const got = Object.entries(files).filter(([each, { state }]) => each.startsWith('initrd/') && state === 'served');
      return {
        message: `the kernel was fetched, and ${name} was ${files[name] === undefined ? 'not asked for' : 'not taken to its end'}`,
        hint: 'See the screen of the machine for the error of iPXE. Most often its memory is too small for the initrd.',
        evidence: [`${count(got.length, 'initrd')} of ${evidence.expects.initrds} served`, fileLine(name, files[name])],
      };
    },
  },
];

function stop(code: Rule['code'], why: string, words: { readonly message: string; readonly hint: string }): Rule {
  return {
    code,
    severity: 'error',
    dueAt: ({ stopped }) => (stopped?.why === why ? stopped.at : undefined),
    tell: () => ({ ...words, evidence: ['it was offered a message in place of its boot'] }),
  };
}

/** Since when iPXE could have asked for its script; undefined where it could not, or did. */
function unfetchedSince({ ipxe, scriptNamedAt, files }: BootPass): number | undefined {
  if (ipxe === null || files[SCRIPT_FILE] !== undefined) return undefined;
  if (scriptNamedAt !== null) return scriptNamedAt;
  // Beside another server its request may pass us by; while it asks on, it has no address.
  const named = ipxe.mode === 'proxy' && ipxe.names === 'script' && ipxe.offers > 0;
  return named ? (ipxe.lastOfferAt ?? undefined) : undefined;
}

function bootsKernel({ expects: { boot } }: BootEvidence): boolean {
  return boot === 'kernel' || boot === 'generation' || boot === 'rescue';
}

/** When a file that follows another one is overdue. */
function missingSince(before: FileFetch | undefined, file: FileFetch | undefined): number | undefined {
  if (before?.state !== 'served' || file?.state === 'served' || file?.state === 'refused') return undefined;
  return file === undefined ? before.lastAt + NEXT_FILE_MS : file.lastAt + WHOLE_FILE_MS;
}

function missingInitrd({ pass: { files }, expects }: BootEvidence): string | undefined {
  const names = Array.from({ length: expects.initrds }, (_, index) => `initrd/${index}`);
  return names.find((name) => files[name]?.state !== 'served');
}

function refusedFile(files: BootPass['files']): readonly [string, FileFetch] | undefined {
  return Object.entries(files).find(([name, { state }]) => name !== SCRIPT_FILE && state === 'refused');
}

function fileLine(name: string, file: FileFetch | undefined): string {
  return file === undefined ? `no request for ${name}` : `${name} ${file.state}`;
}
