import { InvalidRequestError } from '../foundation/errors.ts';

// What the types say, checked again: callers may be plain JavaScript, and a number that is none goes over the wire as 0,
// which for Chassis Control is "power down".

/** The words that a parameter may be; a record, so that the compiler misses none. */
export type Choices<Choice extends string> = Readonly<Record<Choice, true>>;

/** @throws InvalidRequestError for a word that is not one of them */
export function checkChoice<Choice extends string>(what: string, value: Choice, choices: Choices<Choice>): void {
  if (typeof value === 'string' && Object.hasOwn(choices, value)) return;
  throw new InvalidRequestError(`${what}: ${String(value)} is none of ${Object.keys(choices).join(', ')}`);
}

/** @throws InvalidRequestError when it is there and not a whole number from `least` to `most` */
export function checkWhole(what: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new InvalidRequestError(`${what}: ${String(value)} is not a whole number from ${least} to ${most}`);
}

/** A time in milliseconds. @throws InvalidRequestError when it is there, and negative, endless or no number */
export function checkMs(what: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value >= 0)) return;
  throw new InvalidRequestError(`${what}: ${String(value)} is not a number of milliseconds`);
}

/** @throws InvalidRequestError when it is none */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new InvalidRequestError(`${what}: ${String(value)} is no function`);
}
