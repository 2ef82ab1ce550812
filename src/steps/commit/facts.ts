export type CommitFacts = {
  readonly proven: boolean;
  /** Whether its kernel and initrd are in the asset store; null where the machine does not netboot its generation. */
  readonly captured: boolean | null;
};
