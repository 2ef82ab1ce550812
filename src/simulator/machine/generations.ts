import { createHash } from 'node:crypto';
import type { GenerationFate } from './spec.ts';

/** The system closures on a simulated machine's disk; they outlive boots. */
export type Generations = {
  /** Store path that the system profile names. */
  profile(): string;
  /** Store path that the boot loader starts. */
  bootDefault(): string;
  fateOf(toplevel: string): GenerationFate;
  has(toplevel: string): boolean;
  /** Adds a closure built from a flake attribute; every build gives another one. */
  build(attribute: string): string;
  setProfile(toplevel: string): void;
  setBootDefault(toplevel: string): void;
};

/** @param fates by attribute */
export function createGenerations(name: string, fates: Readonly<Record<string, GenerationFate>>): Generations {
  const attributes = new Map<string, string>();
  const build = (attribute: string): string => {
    const number = attributes.size + 1;
    // Nix names closures by a hash in its own base 32; any 32 letters and digits will do here.
    const digest = createHash('sha256').update(`${name} ${attribute} ${number}`).digest('hex').slice(0, 32);
    const toplevel = `/nix/store/${digest}-nixos-system-${name}-26.05.${number}`;
    attributes.set(toplevel, attribute);
    return toplevel;
  };
  let profile = build('');
  let bootDefault = profile;
  return {
    profile: () => profile,
    bootDefault: () => bootDefault,
    fateOf: (toplevel) => fates[attributes.get(toplevel) ?? ''] ?? 'comes-up',
    has: (toplevel) => attributes.has(toplevel),
    build,
    setProfile(toplevel) {
      profile = toplevel;
    },
    setBootDefault(toplevel) {
      bootDefault = toplevel;
    },
  };
}
