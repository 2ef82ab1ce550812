import type { PowerState } from '../../domain/ports/bmc.ts';

export type PowerFacts = { readonly power: PowerState };
