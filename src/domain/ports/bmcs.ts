import type { Machine } from '../machine.ts';
import type { Bmc } from './bmc.ts';

export type Bmcs = {
  /**
   * The machine's management controller, ready for requests; it is the caller's to dispose of.
   * @throws InvalidRequestError when the machine has none; AuthenticationError, UnreachableError, DeadlineError
   */
  open(machine: Machine, signal: AbortSignal): Promise<Bmc>;
  /**
   * Lets credentials be tried again that a controller of this machine has rejected. Until then they are not, since a
   * controller locks the account after a few wrong ones. `unpin` also forgets how well protected a session it has agreed
   * to before, so that a weaker one may be agreed to.
   * @throws InvalidRequestError when the machine has none
   */
  resetAuthentication(machine: Machine, options: { readonly unpin: boolean }, signal: AbortSignal): Promise<void>;
};
