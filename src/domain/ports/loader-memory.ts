/** A loader that has brought a machine to its script, through this card and for this architecture. */
export type ProvenLoader = {
  /** Lower case with colons. */
  readonly mac: string;
  /** Value of DHCP option 93. */
  readonly architecture: number;
  readonly loader: string;
  /** Epoch ms. */
  readonly provenAt: number;
};

/** Which loader works for which network card, learnt from boots. */
export type LoaderMemory = {
  /** What is known of one card, an entry for each architecture it has booted as. */
  ofMac(mac: string): Promise<readonly ProvenLoader[]>;
  remember(proven: ProvenLoader): Promise<void>;
  /** Forgets the cards; the next boot begins with the first loader of the list. */
  forget(macs: readonly string[]): Promise<void>;
};

/** Which loaders hung since this process started; the next boot begins with another one. */
export type LoaderHangs = {
  /** By architecture (value of DHCP option 93), those that hung last at the end. */
  hungOf(mac: string): readonly { readonly architecture: number; readonly loaders: readonly string[] }[];
  /** Nothing is held against any loader of these cards; one that is out on trial is on trial no more. */
  forget(macs: readonly string[]): void;
};
