/** The loaders that can be offered, as the policy sees them: names and numbers, no bytes. */
export type LoaderNames = {
  /**
   * By option 93, the one to try first at the head; an architecture that is not here is not supported. 41 is the boot ROM of a
   * Raspberry Pi, which asks as a BIOS and runs none of a BIOS's loaders.
   */
  readonly byArchitecture: ReadonlyMap<number, readonly string[]>;
  /** Bytes of every file that can be offered. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Why an architecture that the map knows has no loader here: what would have to be installed. */
  readonly missing: ReadonlyMap<number, string>;
};

/** What of a request decides which loader runs on its machine. */
export type LoaderQuestion = {
  readonly architectures: readonly number[];
  readonly board: 'raspberry-pi' | null;
};

export type LoaderChoices =
  | { readonly kind: 'loaders'; readonly architecture: number; readonly names: readonly string[] }
  | { readonly kind: 'unsupported'; readonly architecture: number; readonly why: string };

/** RFC 4578 §2.1: a client that names no architecture is a BIOS one; the first PXE ROMs sent no option 93. */
export const ASSUMED_ARCHITECTURE = 0;
/** @see IANA Processor Architecture Types, "arm rpiboot" */
export const RASPBERRY_PI_ARCHITECTURE = 41;

/** The loaders for the first architecture of the client's list that has any. */
export function loadersFor({ architectures, board }: LoaderQuestion, loaders: LoaderNames): LoaderChoices {
  const asked =
    board === 'raspberry-pi'
      ? [RASPBERRY_PI_ARCHITECTURE]
      : architectures.length === 0
        ? [ASSUMED_ARCHITECTURE]
        : architectures;
  for (const architecture of asked) {
    const names = loaders.byArchitecture.get(architecture);
    if (names !== undefined && names.length > 0) return { kind: 'loaders', architecture, names };
  }
  const architecture = asked[0] ?? ASSUMED_ARCHITECTURE;
  const why = loaders.missing.get(architecture) ?? 'the loader map has no row for it';
  return { kind: 'unsupported', architecture, why };
}

/** What earlier boots tell about the loaders of one card and architecture. */
export type LoaderExperience = {
  /** The one whose script fetch was seen last. */
  readonly proven: string | undefined;
  /** Those that hung, in the order in which they did. */
  readonly failed: readonly string[];
};

/**
 * The loader to offer next: the one ordered for the machine, else the first that has not hung, beginning with the one that has
 * worked. When all have hung, the one whose failure is longest ago has its turn again.
 */
export function chooseLoader(
  names: readonly string[],
  experience: LoaderExperience,
  ordered: string | undefined,
): string | undefined {
  if (ordered !== undefined) return ordered;
  const { proven, failed } = experience;
  const inTurn = proven !== undefined && names.includes(proven) ? [proven, ...names] : names;
  return inTurn.find((name) => !failed.includes(name)) ?? failed.find((name) => inTurn.includes(name));
}

/**
 * The loader ordered for a machine, where it can run on what asks: one of the architecture's list, or one of no list at all. A machine
 * that is set to boot as a BIOS must not be given the UEFI loader that was ordered for it.
 */
export function orderedLoader(
  ordered: string | undefined,
  names: readonly string[],
  { byArchitecture, sizes }: LoaderNames,
): string | undefined {
  if (ordered === undefined || names.includes(ordered)) return ordered;
  const ofOthers = [...byArchitecture.values()].some((list) => list.includes(ordered));
  return sizes.has(ordered) && !ofOthers ? ordered : undefined;
}
