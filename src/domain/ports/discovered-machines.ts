import type { DiscoveredMachine, SeenOften, StrangerFacts } from '../discovered-machine.ts';

/** What was seen of one network card since it was written last; facts are all that is known. */
export type StrangerSightings = SeenOften & { readonly mac: string; readonly facts: StrangerFacts };

/**
 * Machines that asked netboot and that nobody declared. The list is bounded, and what was not seen for long leaves it, unless it
 * is ignored; a declared machine's network cards leave it with the declaration.
 */
export type DiscoveredMachines = {
  /** All, ignored ones too, by MAC. */
  list(): Promise<readonly DiscoveredMachine[]>;
  /** @throws NotFoundError */
  get(mac: string): Promise<DiscoveredMachine>;
  /**
   * Adds what was seen; a MAC that is not there begins anew. Network cards of declared machines are left out.
   * @returns those left out
   */
  record(sightings: readonly StrangerSightings[]): Promise<readonly string[]>;
  /** Removes it; it comes back when it asks again. @throws NotFoundError */
  forget(mac: string): Promise<void>;
  /** Hides it from whoever does not ask for ignored ones, or shows it again. @throws NotFoundError */
  ignore(mac: string, ignored: boolean): Promise<DiscoveredMachine>;
  /** How many are shown and ignored, and when any was seen last, epoch ms: changes whenever the list does. */
  summary(): Promise<{ readonly shown: number; readonly ignored: number; readonly lastSeenAt: number | null }>;
  /** Calls `wake` after each change of the list. */
  onChange(wake: () => void): Disposable;
};
