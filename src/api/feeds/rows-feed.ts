import type { TimelineEvent } from '../../domain/event.ts';
import { viewEvent } from '../views/event-view.ts';
import type { EventStream } from './event-stream.ts';
import type { WakeUp } from './wake-up.ts';

/** Rows read at once: what a slow client holds in memory at most. */
const PAGE = 200;
/** The net under lost wake-ups, milliseconds. */
const POLL_MS = 2000;

/** Id of the last message; a client that connects again with it is told that nothing follows. */
export const END_ID = 'end';

export type RowsFeed = {
  /** Number of the last event the client has. */
  readonly after: number;
  readonly wakeUp: WakeUp;
  read(afterSeq: number, limit: number): Promise<readonly TimelineEvent[]>;
  /**
   * The present state, sent as a message without id when it differs from the last one. Read before the rows, so that
   * when it says `end`, all rows up to the end are there.
   */
  look(): Promise<{ readonly event: string; readonly data?: unknown; readonly end?: unknown }>;
};

/** Sends rows from a number on, each once and without gaps, and then what comes: rows first, wake-ups second. */
export async function followRows(stream: EventStream, feed: RowsFeed): Promise<void> {
  let last = feed.after;
  let shown: string | undefined;
  for (;;) {
    const state = await feed.look();
    for (;;) {
      const page = await feed.read(last, PAGE);
      for (const event of page) {
        await stream.send({ id: String(event.seq), event: event.type, data: viewEvent(event) });
        last = event.seq;
      }
      if (page.length < PAGE) break;
    }
    const text: string | undefined = JSON.stringify(state.data);
    if (text !== undefined && text !== shown) await stream.send({ event: state.event, data: state.data });
    shown = text;
    if (state.end !== undefined) {
      await stream.send({ id: END_ID, event: 'end', data: state.end });
      return;
    }
    await feed.wakeUp.wait(POLL_MS, stream.signal);
  }
}
