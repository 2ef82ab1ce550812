import { BROWSER_PROGRAMS, ensurePrograms, INTEROP_PROGRAMS } from './debian-packages.ts';

/** A part of the tests that runs or is skipped as a whole. */
export type Suite = {
  readonly name: string;
  /** Paths for vitest. */
  readonly paths: readonly string[];
  /** Part of `npm test -- quick`. */
  readonly quick: boolean;
  /** CI fails when it was skipped there. */
  readonly mustRunInCi: boolean;
  /** Installs what is missing; a text when the suite can't run here, and why. */
  prepare(): Promise<string | undefined>;
};

const ready = (): Promise<undefined> => Promise.resolve(undefined);

function programs(wanted: Readonly<Record<string, string>>): () => Promise<string | undefined> {
  return () => {
    const missing = ensurePrograms(wanted);
    return Promise.resolve(
      missing.length === 0 ? undefined : `missing and not installable here: ${missing.join(', ')}`,
    );
  };
}

export const SUITES: readonly Suite[] = [
  { name: 'architecture', paths: ['test/architecture.test.ts'], quick: true, mustRunInCi: true, prepare: ready },
  { name: 'unit', paths: ['test/unit'], quick: true, mustRunInCi: true, prepare: ready },
  { name: 'fuzz', paths: ['test/fuzz'], quick: true, mustRunInCi: true, prepare: ready },
  { name: 'contract', paths: ['test/contract'], quick: true, mustRunInCi: true, prepare: ready },
  { name: 'system', paths: ['test/system'], quick: false, mustRunInCi: true, prepare: ready },
  { name: 'interop', paths: ['test/interop'], quick: false, mustRunInCi: true, prepare: programs(INTEROP_PROGRAMS) },
  { name: 'web', paths: ['test/web'], quick: false, mustRunInCi: true, prepare: programs(BROWSER_PROGRAMS) },
  { name: 'lab', paths: ['test/lab'], quick: false, mustRunInCi: true, prepare: prepareLab },
];

/** The lab needs root for its namespaces, QEMU, and an image that takes minutes to build once. */
async function prepareLab(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'the lab makes network namespaces and needs root';
  const { ensureImage } = await import('../lab/image/image.ts');
  try {
    await ensureImage(console.log);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
