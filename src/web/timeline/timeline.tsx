import { useId, useState, useSyncExternalStore } from 'react';
import type { EventPageBody } from '../../api/schema/event.ts';
import { call } from '../api/client.ts';
import type { TimelineStore } from '../live/timeline-store.ts';
import { ProblemNote } from '../ui/problem-note.tsx';
import { isDetail } from '../words/event.ts';
import { dayText } from '../words/time.ts';
import { EventRow } from './event-row.tsx';
import '../style/timeline.css';

type Props = {
  readonly store: TimelineStore;
  /** Where older events are read: a path that takes `before` and `limit`. */
  readonly earlier: string;
  /** Whether the store was filled from the very first event. */
  readonly whole?: boolean;
  readonly heading: string;
  /** Epoch ms from which seconds are counted; absent: the time of day is shown. */
  readonly since?: number;
};

/** Events drawn at first, and with each press of the button. */
const PART = 200;

/** The timeline, newest first: what happens now is where one looks. */
export function Timeline({ store, earlier, whole = false, heading, since }: Props) {
  const { events, cut } = useSyncExternalStore(store.onChange, store.view);
  const [details, setDetails] = useState(false);
  const [raw, setRaw] = useState(false);
  const [most, setMost] = useState(PART);
  const past = usePast(store, earlier);
  const id = useId();

  const wanted = details ? events : events.filter(({ type }) => !isDetail(type));
  const shown = wanted.slice(-most).reverse();
  const first = events[0];
  const hidden = wanted.length > shown.length;
  const older = first !== undefined && !past.atStart && (cut || (!whole && first.seq > 1));
  const showEarlier = (): void => {
    setMost(most + PART);
    if (!hidden && first !== undefined) past.read(first.seq);
  };

  return (
    <section className="card timeline" aria-labelledby={id}>
      <div className="timeline-head">
        <h2 id={id}>{heading}</h2>
        <span className="help">newest first</span>
        <label>
          <input type="checkbox" checked={details} onChange={() => setDetails(!details)} /> Observations
        </label>
        <label>
          <input type="checkbox" checked={raw} onChange={() => setRaw(!raw)} /> Raw data
        </label>
      </div>
      {shown.length === 0 ? <p className="empty">Nothing has happened yet.</p> : null}
      <ol className="events" reversed>
        {shown.map((event, index) => {
          const newer = shown[index - 1];
          const day = newer === undefined || dayText(newer.at) !== dayText(event.at) ? event.at : undefined;
          return <EventRow key={event.seq} event={event} day={index === 0 ? undefined : day} raw={raw} since={since} />;
        })}
      </ol>
      {past.error === undefined ? null : <ProblemNote error={past.error} />}
      {hidden || older ? (
        <button type="button" className="more" onClick={showEarlier} disabled={past.busy}>
          Show earlier
        </button>
      ) : null}
    </section>
  );
}

/** Reads pages of older events into the store. */
function usePast(store: TimelineStore, path: string) {
  const [busy, setBusy] = useState(false);
  const [atStart, setAtStart] = useState(false);
  const [error, setError] = useState<unknown>();
  const read = (before: number): void => {
    setBusy(true);
    setError(undefined);
    call<EventPageBody>('GET', `${path}?before=${before}&limit=${PART}`)
      .then((page) => {
        if (page.items.length < PART) setAtStart(true);
        store.addEarlier(page.items);
      }, setError)
      .finally(() => setBusy(false));
  };
  return { busy, atStart, error, read };
}
