import type { BootAttemptBody } from './doctor.ts';
import type { MachineBody } from './machine.ts';
import type { RunBody } from './run.ts';
import type { TokenBody } from './token.ts';

/** A page of a list; `next` is the `cursor` of the one after, null on the last. */
export type PageBody<T> = { readonly items: readonly T[]; readonly next: string | null };
export type MachinePageBody = PageBody<MachineBody>;
export type BootAttemptPageBody = PageBody<BootAttemptBody>;
export type RunPageBody = PageBody<RunBody>;
export type TokenPageBody = PageBody<TokenBody>;
