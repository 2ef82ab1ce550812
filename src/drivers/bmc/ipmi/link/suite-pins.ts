/** Where the suites that BMCs have agreed to outlive the process, by `address:port`. */
export type SuitePins = {
  get(bmc: string): number | undefined;
  set(bmc: string, suiteId: number): void;
  forget(bmc: string): void;
};
