import { describe, expect, it } from 'vitest';
import { type EventStream, formatMessage, type StreamMessage } from '../../../src/api/feeds/event-stream.ts';
import { followRows } from '../../../src/api/feeds/rows-feed.ts';
import { createWakeUp } from '../../../src/api/feeds/wake-up.ts';
import type { TimelineEvent } from '../../../src/domain/event.ts';
import type { Timeline } from '../../../src/domain/ports/timeline.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';

/** Only what a wake-up needs of a timeline: the listeners, called by hand. */
function createBell(): Pick<Timeline, 'onChange'> & { ring(machineId: string): void; readonly listeners: number } {
  const listeners = new Set<(machineId: string) => void>();
  return {
    onChange(wake) {
      listeners.add(wake);
      return { [Symbol.dispose]: () => void listeners.delete(wake) };
    },
    ring: (machineId) => listeners.forEach((wake) => void wake(machineId)),
    get listeners() {
      return listeners.size;
    },
  };
}

const never = new AbortController().signal;

describe('waiting for changes', () => {
  it('ends at the first change that matters, or after the poll time', async () => {
    const [bell, clock] = [createBell(), createManualClock()];
    using wakeUp = createWakeUp(bell, clock, (id) => id === 'm1');
    let woken = 0;
    const wait = (): Promise<void> => wakeUp.wait(2000, never).then(() => void woken++);
    const first = wait();
    bell.ring('m2');
    await settle();
    expect(woken).toBe(0);
    bell.ring('m1');
    await first;
    const second = wait();
    await clock.advance(1999);
    expect(woken).toBe(1);
    await clock.advance(1);
    await second;
    expect([woken, clock.sleepers]).toEqual([2, 0]);
  });

  it('does not lose a change that comes between two waits', async () => {
    const [bell, clock] = [createBell(), createManualClock()];
    using wakeUp = createWakeUp(bell, clock, () => true);
    bell.ring('m1');
    bell.ring('m1');
    await wakeUp.wait(2000, never);
    let again = false;
    const next = wakeUp.wait(2000, never).then(() => {
      again = true;
    });
    await settle();
    expect(again).toBe(false);
    bell.ring('m1');
    await next;
  });

  it('ends with the signal, and leaves nothing behind', async () => {
    const [bell, clock] = [createBell(), createManualClock()];
    const wakeUp = createWakeUp(bell, clock, () => true);
    const stop = new AbortController();
    const waiting = wakeUp.wait(2000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(wakeUp.wait(2000, stop.signal)).rejects.toThrow('enough');
    wakeUp[Symbol.dispose]();
    expect([bell.listeners, clock.sleepers]).toEqual([0, 0]);
  });
});

describe('following rows', () => {
  const event = (seq: number): TimelineEvent => ({
    machineId: 'm1',
    seq,
    at: 0,
    type: 'file.served',
    source: 'http',
    data: {},
  });

  /** Follows a list that grows while it is read. */
  async function follow(
    rows: TimelineEvent[],
    after: number,
    onSend: (sent: StreamMessage[]) => void,
  ): Promise<StreamMessage[]> {
    const sent: StreamMessage[] = [];
    const stream: EventStream = {
      signal: never,
      async send(message) {
        sent.push(message);
        onSend(sent);
      },
    };
    await followRows(stream, {
      after,
      wakeUp: { wait: () => settle(1), [Symbol.dispose]: () => undefined },
      read: async (afterSeq, limit) => rows.filter(({ seq }) => seq > afterSeq).slice(0, limit),
      look: async () => ({
        event: 'run',
        data: { rows: Math.min(rows.length, 2) },
        ...(rows.length < 450 ? {} : { end: {} }),
      }),
    });
    return sent;
  }

  it('sends each row once, in order, also those that come while it sends, and the end after all of them', async () => {
    const rows = [event(1)];
    const sent = await follow(rows, 0, ({ length }) => {
      if (rows.length < 450) for (let more = 0; more < 7; more++) rows.push(event(rows.length + 1));
      expect(length).toBeLessThan(1000);
    });
    const ids = sent.map(({ id }) => id).filter((id) => id !== undefined);
    expect(ids).toEqual([...rows.map(({ seq }) => String(seq)), 'end']);
    expect(sent.at(-1)).toMatchObject({ event: 'end' });
  });

  it('sends the state when it differs, and without a number', async () => {
    const rows = Array.from({ length: 450 }, (_, index) => event(index + 1));
    const sent = await follow(rows, 448, () => undefined);
    expect(sent.map(({ id, event: type }) => [id, type])).toEqual([
      ['449', 'file.served'],
      ['450', 'file.served'],
      [undefined, 'run'],
      ['end', 'end'],
    ]);
  });
});

describe('messages', () => {
  it('keep line breaks of their data inside one line', () => {
    const text = formatMessage({ id: '7', event: 'x', data: { text: 'a\n\nevent: evil\r\nb' } });
    expect(text).toBe('id: 7\nevent: x\ndata: {"text":"a\\n\\nevent: evil\\r\\nb"}\n\n');
    expect(formatMessage({ event: 'x', data: 1 })).toBe('event: x\ndata: 1\n\n');
  });
});
