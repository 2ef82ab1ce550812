import { type SeenOften, standingOf } from '../../domain/discovered-machine.ts';

/**
 * A bounded list of what was seen, by MAC. When it is full, the one of the lowest standing leaves it, and of those the one not seen
 * for longest: whoever invents addresses pushes out his own.
 */
export type Roster<Entry extends SeenOften> = {
  get(mac: string): Entry | undefined;
  /** @returns the MAC that had to leave */
  put(mac: string, entry: Entry): string | undefined;
  /** Another entry for a MAC that is there, seen as often as the one before: its place stays. */
  replace(mac: string, entry: Entry): void;
  delete(mac: string): void;
  readonly size: number;
};

export function createRoster<Entry extends SeenOften>(most: number): Roster<Entry> {
  // Maps keep the order of insertion, so the first of each is the one not seen for longest.
  const standings = [new Map<string, Entry>(), new Map<string, Entry>(), new Map<string, Entry>()] as const;
  const size = (): number => standings[0].size + standings[1].size + standings[2].size;
  const remove = (mac: string): void => {
    for (const each of standings) each.delete(mac);
  };
  return {
    get: (mac) => standings[2].get(mac) ?? standings[1].get(mac) ?? standings[0].get(mac),
    put(mac, entry) {
      remove(mac);
      // Room is made before, so that a newcomer is not the one that leaves.
      const lowest = size() >= most ? standings.find((each) => each.size > 0) : undefined;
      const [leaves] = lowest?.keys() ?? [];
      if (leaves !== undefined) lowest?.delete(leaves);
      standings[standingOf(entry)].set(mac, entry);
      return leaves;
    },
    replace(mac, entry) {
      standings.find((each) => each.has(mac))?.set(mac, entry);
    },
    delete: remove,
    get size() {
      return size();
    },
  };
}
