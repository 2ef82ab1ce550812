import type { EventBody, EventTypeBody } from '../../api/schema/event.ts';
import { brief, bytesText } from './brief.ts';
import { durationText } from './time.ts';

/** How an event is drawn: a good end, a bad one, something done, something to look out for, or mere news. */
export type Tone = 'good' | 'bad' | 'act' | 'warn' | 'news';

export type EventWords = { readonly text: string; readonly detail?: string; readonly tone: Tone };

type Data = EventBody['data'];

/** The event in words: what happened, and what belongs to it. */
export function eventWords({ type, title, data }: EventBody): EventWords {
  // A service that is newer than this page may tell of events it does not know.
  const words = isKnown(type) ? DESCRIBE[type](data) : { detail: brief(data) };
  const text = words.text ?? title.charAt(0).toUpperCase() + title.slice(1);
  const detail = words.detail === '' || words.detail === '–' ? undefined : words.detail;
  return { text, tone: words.tone ?? 'news', ...(detail === undefined ? {} : { detail }) };
}

/** Kinds that tell the story only to whoever looks for details. */
export function isDetail(type: string): boolean {
  return type === 'step.observed' || type === 'output.appended' || type === 'boot.disarmed';
}

function isKnown(type: string): type is EventTypeBody {
  return Object.hasOwn(DESCRIBE, type);
}

const said = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const hung = ({ insteadOf }: Data): string => (insteadOf === undefined ? '' : `, since ${said(insteadOf)} hung`);
const took = ({ tookMs }: Data): string => (typeof tookMs === 'number' ? `after ${durationText(tookMs)}` : '');
const trouble = ({ code, message }: Data): string =>
  [said(message), code === undefined ? '' : `(${said(code)})`].join(' ');
const by = ({ actor }: Data): string => (actor === undefined ? '' : `by ${said(actor)}`);
const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '' && part !== '–').join(' · ');
const times = ({ times: count }: Data): string => (typeof count === 'number' ? `, ${count} more times` : '');
const hex = (value: unknown): string =>
  typeof value === 'number' ? `0x${value.toString(16).padStart(2, '0')}` : said(value);

/** A change ordered of the BMC: what became of it stands in `outcome`. */
function ordered(data: Data, text: string, ...parts: readonly string[]): Partial<EventWords> {
  const detail = joined(...parts, by(data));
  if (data.outcome === 'failed')
    return { text: `Not done: ${text}`, detail: joined(detail, trouble(data)), tone: 'bad' };
  if (data.outcome !== 'unknown') return { text, detail, tone: 'act' };
  const why = data.message === undefined ? '' : trouble(data);
  return { text: `Perhaps done: ${text}`, detail: joined(detail, 'the BMC fell silent', why), tone: 'warn' };
}

const DESCRIBE: Readonly<Record<EventTypeBody, (data: Data) => Partial<EventWords>>> = {
  'machine.declared': (data) => ({ detail: by(data) }),
  'machine.changed': (data) => ({ detail: brief(data) }),
  'machine.removed': (data) => ({ detail: by(data), tone: 'warn' }),
  'loaders.forgotten': (data) => ({ text: 'Boot loaders forgotten', detail: by(data), tone: 'act' }),
  'run.queued': (data) => ({ text: `Run ordered: ${said(data.kind)}`, detail: by(data), tone: 'act' }),
  'run.started': () => ({ text: 'Run started' }),
  'run.taken-over': (data) => ({ detail: said(data.why), tone: 'warn' }),
  'run.rewound': (data) => ({
    text: `Run went back from ${said(data.from)} to ${said(data.to)}`,
    detail: said(data.why),
    tone: 'warn',
  }),
  'run.cancel-requested': (data) => ({ detail: by(data), tone: 'warn' }),
  'run.succeeded': (data) => ({ text: 'Run succeeded', detail: took(data), tone: 'good' }),
  'run.failed': (data) => ({ text: 'Run failed', detail: trouble(data), tone: 'bad' }),
  'run.cancelled': (data) => ({ text: 'Run cancelled', detail: took(data), tone: 'warn' }),
  'step.entered': (data) => ({
    text: 'Begins',
    ...(typeof data.round === 'number' && data.round > 1 ? { detail: `round ${data.round}` } : {}),
  }),
  'step.observed': (data) => ({ text: 'Sees', detail: brief(data.facts) }),
  'step.waited': (data) => ({ text: 'Waits', detail: said(data.why) }),
  'step.done': (data) => ({ text: 'Done', detail: joined(took(data), brief(data.result)), tone: 'good' }),
  'step.troubled': (data) => ({ text: 'Trouble, will try again', detail: trouble(data), tone: 'warn' }),
  'action.started': (data) => ({
    text: `Started ${said(data.label)}`,
    detail: joined(data.attempt === 1 ? '' : `attempt ${said(data.attempt)}`, brief(data.detail)),
    tone: 'act',
  }),
  'action.ended': (data) =>
    data.message === undefined
      ? { text: `Ended ${said(data.label)}`, detail: joined(took(data), brief(data.result)) }
      : { text: `Failed ${said(data.label)}`, detail: trouble(data), tone: 'bad' },
  'boot.armed': ({ attempt: _attempt, expiresAt: _expiresAt, ...armed }) => ({ detail: brief(armed), tone: 'act' }),
  'boot.disarmed': (data) => ({ detail: said(data.why) }),
  'boot.asked': (data) => ({ detail: `${brief([data.protocol, data.messageType, data.loader])}${times(data)}` }),
  'boot.offered': (data) => ({
    detail: `${said(data.file ?? data.url ?? data.why)} by ${said(data.protocol)}${hung(data)}${times(data)}`,
    ...(data.message === undefined ? {} : { text: said(data.message), tone: 'warn' }),
  }),
  'boot.ignored': (data) => ({
    detail: `${[data.why, data.architectures, data.detail]
      .map(said)
      .filter((word) => word !== '')
      .join(': ')}${times(data)}`,
    tone: 'warn',
  }),
  'boot.diagnosed': (data) => ({
    text: said(data.message) === '' ? 'Boot trouble found' : capital(said(data.message)),
    detail: joined(said(data.hint), data.code === undefined ? '' : `(${said(data.code)})`),
    tone: data.severity === 'warning' ? 'warn' : 'bad',
  }),
  'boot.recovered': (data) => ({ detail: said(data.code), tone: 'good' }),
  'lease.granted': (data) => ({ detail: said(data.address) }),
  'file.served': (data) => ({
    text: `Served ${said(data.name)}`,
    detail: `${typeof data.bytes === 'number' ? bytesText(data.bytes) : ''} by ${said(data.protocol)} ${took(data)}${times(data)}`,
  }),
  'file.refused': (data) => ({
    text: `Refused ${said(data.name)}`,
    detail: `${said(data.why)}${times(data)}`,
    tone: 'warn',
  }),
  'unlock.attempted': (data) => ({ detail: `for disk ${said(data.disk)}`, tone: 'act' }),
  'unlock.succeeded': (data) => ({ text: `Disk ${said(data.disk)} unlocked`, tone: 'good' }),
  'unlock.failed': (data) => ({
    text: `Disk ${said(data.disk)} not unlocked`,
    detail: said(data.verdict),
    tone: 'bad',
  }),
  'output.appended': (data) => ({
    text: 'Output',
    detail:
      typeof data.to === 'number'
        ? `${bytesText(data.to)} so far${data.cut === true ? ', the rest is not kept' : ''}`
        : '',
  }),
  'bmc.authentication-reset': (data) => ({
    detail: joined(by(data), data.unpin === true ? 'a weaker session may be agreed to' : ''),
  }),
  'bmc.identified': (data) =>
    ordered(
      data,
      typeof data.light === 'number' ? `Identify light on for ${data.light} s` : `Identify light ${said(data.light)}`,
    ),
  'bmc.boot-override-set': (data) => {
    const asked = joined(data.persistent === true ? 'for every boot' : '', data.efi === true ? 'UEFI' : '');
    const read = data.stuck === false ? `reads back as ${brief(data.read)}` : '';
    const words = ordered(data, `Boot override ${said(data.device)}`, asked, read);
    return data.stuck === false ? { ...words, tone: 'warn' } : words;
  },
  'bmc.power-policy-set': (data) => ordered(data, `When mains power returns: ${said(data.policy)}`),
  'bmc.event-log-cleared': (data) =>
    ordered(data, 'BMC event log erased', typeof data.entries === 'number' ? `${data.entries} entries` : ''),
  'bmc.clock-set': (data) => ordered(data, 'BMC clock set', said(data.setTo)),
  'bmc.raw-sent': (data) => {
    const words = ordered(
      data,
      `Raw BMC command ${hex(data.netFn)} ${hex(data.command)}`,
      typeof data.bytes === 'number' ? `${data.bytes} data bytes` : '',
      said(data.meaning),
    );
    return data.completionCode === undefined || data.completionCode === 0 ? words : { ...words, tone: 'warn' };
  },
  'console.stolen': (data) => ({ detail: said(data.why), tone: 'warn' }),
  'console.input-taken': (data) => ({ detail: by(data), tone: 'act' }),
  'console.reconnect-ordered': (data) => ({
    detail: joined(by(data), data.steal === true ? 'taking it from whoever has it' : ''),
    tone: 'act',
  }),
  'generation.proven': (data) => ({ detail: said(data.toplevel), tone: 'good' }),
};
