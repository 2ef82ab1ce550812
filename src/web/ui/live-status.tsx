import { useCallback } from 'react';
import { useTimed } from '../live/clock.ts';
import type { LiveFeed } from '../live/use-feed.ts';

/** Whether what is seen is live; when the connection is lost, why, and when it is tried again. */
export function LiveStatus({ feed: { status, retryNow } }: { readonly feed: LiveFeed }) {
  switch (status.kind) {
    case 'connecting':
      return <span className="live connecting">Connecting…</span>;
    case 'live':
      return <span className="live on">Live</span>;
    case 'resting':
      return <span className="live connecting">Resting</span>;
    case 'ended':
      return <span className="live ended">Complete</span>;
    case 'refused':
      return <span className="live off">Not live</span>;
    case 'lost':
      return <Lost why={status.why} retryAt={status.retryAt} retryNow={retryNow} />;
  }
}

type LostProps = { readonly why: string; readonly retryAt: number; readonly retryNow: () => void };

function Lost({ why, retryAt, retryNow }: LostProps) {
  const when = useTimed(
    useCallback(() => {
      const seconds = Math.ceil((retryAt - Date.now()) / 1000);
      return seconds <= 0 ? 'Trying again…' : `Trying again in ${seconds} s.`;
    }, [retryAt]),
  );
  return (
    <span className="live off" role="status">
      <span>
        <span title={why}>Connection lost.</span> <span aria-hidden="true">{when}</span>
      </span>
      <button type="button" className="quiet" onClick={retryNow}>
        Try now
      </button>
    </span>
  );
}
