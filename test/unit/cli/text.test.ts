import { describe, expect, it } from 'vitest';
import type { EventBody } from '../../../src/api/schema/event.ts';
import { describeEvent, formatSeconds } from '../../../src/cli/describe-event.ts';
import { type FeedMessage, parseFeed } from '../../../src/cli/feed.ts';
import { formatTable, printable } from '../../../src/cli/terminal.ts';

async function parse(...chunks: (string | Buffer)[]): Promise<FeedMessage[]> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const messages: FeedMessage[] = [];
  for await (const message of parseFeed(bytes())) messages.push(message);
  return messages;
}

describe('the feed parser', () => {
  const text =
    'retry: 2000\n\n: keep-alive\n\nid: 7\nevent: run.queued\ndata: {"a":"ü: b"}\n\nevent: run\ndata: 1\n\nid: 8\n';

  it('reads messages, and passes over heartbeats and what is cut off', async () => {
    expect(await parse(text)).toEqual([
      { id: '7', event: 'run.queued', data: { a: 'ü: b' } },
      { id: undefined, event: 'run', data: 1 },
    ]);
  });

  it('reads the same however the bytes are cut', async () => {
    const bytes = Buffer.from(text);
    const whole = await parse(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await parse(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
    }
    expect(await parse(...[...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });

  it('does not collect without end', async () => {
    await expect(parse('x'.repeat(5 * 1024 * 1024))).rejects.toThrow(/not one of Bootwright/);
  });
});

describe('lines for people', () => {
  const event = (change: Partial<EventBody>): EventBody => ({
    machineId: 'm_1',
    seq: 1,
    at: '2026-01-31T12:00:00.000Z',
    type: 'step.done',
    title: 'step done',
    source: 'engine',
    runId: null,
    step: null,
    stage: null,
    data: {},
    ...change,
  });

  it.each<[Partial<EventBody>, string]>([
    [{}, '          step done'],
    [{ step: 'unlock', stage: '1' }, 'unlock    step done  [stage 1]'],
    [{ data: { why: 'no prompt', tookMs: 1250 } }, '          step done: why no prompt, took 1.3 s'],
    [{ data: { verdict: 'wrong', disk: 'root', unknownField: 'x' } }, '          step done: verdict wrong, disk root'],
    [
      {
        ...{ type: 'boot.diagnosed', title: 'boot trouble found' },
        data: { code: 'script-not-fetched', message: 'no request came', hint: 'let TCP 8480 through', attempt: 1 },
      },
      '          boot trouble found: message no request came, code script-not-fetched, hint let TCP 8480 through',
    ],
    [{ data: { message: 'x'.repeat(500) } }, `          step done: message ${'x'.repeat(140)}…`],
  ])('%j', (change, line) => expect(describeEvent(event(change))).toBe(line));

  it('do not let a machine steer the terminal', () => {
    expect(printable('a\u001b]0;title\u0007b\rc\u009bd\te')).toBe('a\ufffd]0;title\ufffdb\ufffdc\ufffdd\te');
  });

  it('stand in columns', () => {
    expect(
      formatTable(
        ['A', 'LONG'],
        [
          ['aaa', 'b'],
          ['c', ''],
        ],
      ),
    ).toEqual(['A    LONG', 'aaa  b', 'c']);
    expect([formatSeconds(0), formatSeconds(61_250)]).toEqual(['0.0 s', '61.3 s']);
  });
});
