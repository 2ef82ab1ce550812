/** Generations that proved themselves, newest last: what a roll-back may go to. */
export type ProvenGeneration = {
  readonly machineId: string;
  /** Store path of the system closure. */
  readonly toplevel: string;
  readonly runId: string;
  readonly provenAt: number;
};

export type Generations = {
  /** Records the proof and its event; the same run and path again change nothing. */
  prove(generation: ProvenGeneration & { readonly bootId: string }): Promise<void>;
  list(machineId: string): Promise<readonly ProvenGeneration[]>;
};
