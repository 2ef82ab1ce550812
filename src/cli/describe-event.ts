import type { EventBody } from '../api/schema/event.ts';

/** Fields of an event's data worth a line, in this order, where they are plain values. */
const FIELDS = [
  'outcome',
  'message',
  'why',
  'state',
  'was',
  'label',
  'verdict',
  'disk',
  'result',
  'protocol',
  'file',
  'url',
  'name',
  'bytes',
  'address',
  'from',
  'to',
  'kind',
  'actor',
  'code',
  'seen',
  'light',
  'device',
  'persistent',
  'efi',
  'stuck',
  'policy',
  'entries',
  'setTo',
  'unpin',
  'netFn',
  'command',
  'meaning',
  'toplevel',
  'lastSeen',
  'hint',
] as const;
/** Numbers that people know in hexadecimal. */
const HEXADECIMAL: readonly string[] = ['netFn', 'command'];
/** `took` is told apart, since it ends the line. */
const LONGEST = 160;

/** One event as one line for people, without its time. */
export function describeEvent({ title, step, stage, data }: EventBody): string {
  const parts = FIELDS.flatMap((field) => {
    const value = data[field];
    if (typeof value === 'number' && HEXADECIMAL.includes(field)) return [`${field} ${hexByte(value)}`];
    if (typeof value === 'string') return value === '' ? [] : [`${field} ${value}`];
    return typeof value === 'number' || typeof value === 'boolean' ? [`${field} ${value}`] : [];
  });
  const took = typeof data.tookMs === 'number' ? [`took ${formatSeconds(data.tookMs)}`] : [];
  const words = [...parts, ...took].join(', ');
  const text = words === '' ? title : `${title}: ${words}`;
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return `${(step ?? '').padEnd(9)} ${short}${stage === null ? '' : `  [stage ${stage}]`}`;
}

/** "0x06". */
export function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

/** "0.3 s", "12.0 s". */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
