import type { Clock } from '../../foundation/clock.ts';
import type { IdentifyState } from '../../protocols/ipmi/commands/chassis/get-chassis-status.ts';

export type IdentifyLight = {
  state(): Exclude<IdentifyState, 'unknown'>;
  /** @param seconds 0 switches it off; `forceOn` lights it until it is switched off */
  set(seconds: number, forceOn: boolean): void;
};

/** The identify light of a chassis; its time is up when somebody looks, so that it needs no timer. @see IPMI v2.0 rev. 1.1 §28.5 */
export function createIdentifyLight(clock: Clock): IdentifyLight {
  let litUntil = 0;
  return {
    state() {
      if (litUntil === Number.POSITIVE_INFINITY) return 'on';
      return clock.elapsed() < litUntil ? 'timed' : 'off';
    },
    set(seconds, forceOn) {
      litUntil = forceOn ? Number.POSITIVE_INFINITY : clock.elapsed() + seconds * 1_000;
    },
  };
}
