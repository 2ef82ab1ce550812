/**
 * How bad a state of a discrete sensor is while it is asserted. The specification names the states and leaves the
 * judgement to the reader; `unknown` is for states that are good on one board and bad on the next ("State Asserted").
 */
export type StateSeverity = 'ok' | 'warning' | 'critical' | 'non-recoverable' | 'unknown';

/** A state's text in the specification's words, and how bad it is. */
export type EventState = { readonly text: string; readonly severity: StateSeverity };

export const ok = (text: string): EventState => ({ text, severity: 'ok' });
export const warning = (text: string): EventState => ({ text, severity: 'warning' });
export const critical = (text: string): EventState => ({ text, severity: 'critical' });
export const fatal = (text: string): EventState => ({ text, severity: 'non-recoverable' });
export const unclear = (text: string): EventState => ({ text, severity: 'unknown' });
