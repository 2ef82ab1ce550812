import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../src/api/schema/event.ts';
import { EVENT_TYPES } from '../../src/domain/event.ts';
import { createSseParser, type SseMessage } from '../../src/web/api/sse.ts';
import { brief } from '../../src/web/words/brief.ts';
import { eventWords } from '../../src/web/words/event.ts';
import { advice, sentence } from '../../src/web/words/sentence.ts';
import { agoText, durationText } from '../../src/web/words/time.ts';

const event = (type: string, data: EventBody['data'] = {}): EventBody => ({
  machineId: 'm',
  seq: 1,
  at: '2026-01-31T12:00:00.000Z',
  type,
  title: 'something happened',
  source: 'engine',
  runId: null,
  step: null,
  stage: null,
  data,
});

describe('server-sent events', () => {
  // The examples of the HTML standard, §9.2.6.
  const text =
    ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\nevent: add\r\ndata: a\r\ndata: b\r\n\r\ndata: cut';
  const whole: SseMessage[] = [
    { id: '1', event: 'message', data: 'first event' },
    { id: '', event: 'message', data: 'second event' },
    { id: '', event: 'message', data: ' third event' },
    { id: '', event: 'add', data: 'a\nb' },
  ];

  it.each([1, 2, 7, 1000])('are the same in pieces of %i', (size) => {
    const heard: SseMessage[] = [];
    const parse = createSseParser((message) => heard.push(message));
    for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size));
    expect(heard).toEqual(whole);
  });
});

describe('words', () => {
  it('are there for every type of event, whatever its data lacks', () => {
    for (const type of Object.keys(EVENT_TYPES)) {
      const { text, detail = '' } = eventWords(event(type));
      expect(text, type).toMatch(/\S/);
      expect(`${text} ${detail}`, type).not.toMatch(/undefined|null|NaN|\[object/);
    }
    expect(eventWords(event('from.the-future', { why: 'x' }))).toEqual({
      text: 'Something happened',
      detail: 'why x',
      tone: 'news',
    });
  });

  it('tell the story of an act', () => {
    expect(eventWords(event('action.ended', { label: 'power-on', tookMs: 41_000, result: null }))).toEqual({
      text: 'Ended power-on',
      detail: 'after 41 s',
      tone: 'news',
    });
    expect(eventWords(event('action.ended', { label: 'reset', code: 'refused', message: 'no' })).detail).toBe(
      'no (refused)',
    );
  });

  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_725_000, '1 h 2 min'],
    [90_000_000, '1 d 1 h'],
    [-5, '0.0 s'],
  ])('call %i ms %s', (ms, words) => {
    expect(durationText(ms)).toBe(words);
  });

  it.each([
    [-400, 'just now'],
    [59_000, '59 s ago'],
    [3_599_000, '59 min ago'],
    [200_000_000, '2 d ago'],
  ])('call %i ms back %s', (ms, words) => {
    expect(agoText(ms)).toBe(words);
  });

  it('make sentences of texts, and leave names as they are', () => {
    expect(sentence('there is no run x')).toBe('There is no run x.');
    expect(sentence('rack1-n1 refused the passphrase')).toBe('rack1-n1 refused the passphrase.');
    expect(advice('order the run again')).toBe('Order the run again.');
  });

  it('put facts into one line', () => {
    const facts = { host: { kind: 'stage-1', seen: null }, bootIdBefore: 'b', open: ['a', 'b'], none: [], yes: true };
    expect(brief(facts)).toBe('host kind stage-1 · boot id before b · open a, b · none none · yes yes');
    expect(brief('x'.repeat(500))).toHaveLength(220);
  });
});
