/** Where a demo plays: a machine that is off, and a configuration of the service for it. */
export type DemoStage = AsyncDisposable & {
  readonly configFile: string;
  readonly machine: string;
  /** Words before the service's command line. */
  readonly prefix: readonly string[];
  /** The power verbs that the machine's BMC has executed, from its own log. */
  powerVerbs(): readonly string[];
  /** Last preparations after the service is up. */
  beforeUpdate?(): Promise<void>;
};
