import type { NewEvent, TimelineEvent } from '../event.ts';

/** Without `afterSeq`, a page with `beforeSeq` holds the events right before that number: the way back in time. */
export type EventPage = { readonly afterSeq?: number; readonly beforeSeq?: number; readonly limit?: number };

/**
 * The one timeline. Appending gives gapless numbers per machine and wakes the listeners after the commit; listeners
 * read rows again from the number they know, so a lost wake-up costs time, never an event.
 */
export type Timeline = {
  /** Appends in order, all or none. @throws NotFoundError when there is no such machine */
  append(machineId: string, events: readonly NewEvent[]): Promise<readonly TimelineEvent[]>;
  /** Events of a machine with `afterSeq < seq < beforeSeq`, oldest first; limit 500 unless told, 5000 at most. */
  read(machineId: string, page: EventPage): Promise<readonly TimelineEvent[]>;
  /** The same, of one run only. */
  readRun(runId: string, page: EventPage): Promise<readonly TimelineEvent[]>;
  /** Calls `wake` with the machine's id after each commit that touched its events or runs. */
  onChange(wake: (machineId: string) => void): Disposable;
};
