import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { type Feed, type FeedStatus, openFeed } from '../api/feed.ts';

export type LiveFeed = { readonly status: FeedStatus; readonly retryNow: () => void };

/**
 * A live feed for as long as the component is there.
 * @param path below the API; another one is another feed; undefined: none yet
 * @param after number of the last event known when the feed is opened
 */
export function useFeed(
  path: string | undefined,
  hear: (event: string, data: unknown) => void,
  after?: number,
): LiveFeed {
  const [status, setStatus] = useState<FeedStatus>({ kind: 'connecting' });
  const feed = useRef<Feed>(undefined);
  const take = useEffectEvent(hear);
  const start = useEffectEvent(() => after);

  useEffect(() => {
    if (path === undefined) return;
    const from = start();
    const opened = openFeed(path, {
      ...(from === undefined ? {} : { after: from }),
      hear: take,
      status: setStatus,
    });
    feed.current = opened;
    return () => opened.close();
  }, [path]);

  return { status, retryNow: () => feed.current?.retryNow() };
}
