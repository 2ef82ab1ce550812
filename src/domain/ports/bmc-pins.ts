/** How well protected a session each controller has agreed to, so that a restart of the service does not forget it. */
export type BmcPin = {
  /** `address:port` of the controller. */
  readonly bmc: string;
  /** RMCP+ cipher suite. */
  readonly cipherSuite: number;
};

export type BmcPins = {
  list(): Promise<readonly BmcPin[]>;
  /** Replaces what was pinned for this controller. */
  put(pin: BmcPin): Promise<void>;
  /** Harmless when nothing is pinned. */
  remove(bmc: string): Promise<void>;
};
