import type { Request, Response } from 'express';
import { z } from 'zod';
import { InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import type { Authenticate } from '../authentication.ts';
import { followDiscovered } from '../feeds/discovered.ts';
import { type EventStream, type StreamOptions, serveStream } from '../feeds/event-stream.ts';
import { createFleet, type FleetChange } from '../feeds/fleet.ts';
import { END_ID, followRows, type RowsFeed } from '../feeds/rows-feed.ts';
import { createWakeUp } from '../feeds/wake-up.ts';
import { HttpError } from '../http-error.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import { idParams, nameParams, seqQuery } from '../schema/common.ts';
import { latestRunsOf, viewFleetMachine } from '../views/machine-view.ts';
import { isActive, viewRun } from '../views/run-view.ts';

export type FeedOptions = StreamOptions & {
  /** Feeds open at the same time; each holds a connection and its reads. */
  readonly mostFeeds: number;
};

export type Feeds = {
  readonly routes: readonly Route[];
  /** Ends all feeds and waits until they have ended. */
  close(): Promise<void>;
};

const afterQuery = z.strictObject({
  after: z.exactOptional(seqQuery).describe('Only events with higher numbers. `Last-Event-ID` goes before it.'),
});

const stream = { description: 'The feed.', contentType: 'text/event-stream' };
const RESUME =
  'Each event is a message with its number as id and its type as event name; after a lost connection the feed goes on from `Last-Event-ID` without gaps or doubles.';

/** Live feeds by server-sent events. */
export function createFeeds(parts: ApiParts, authenticate: Authenticate, options: FeedOptions): Feeds {
  const { machines, runs, timeline, discovered, clock, log } = parts;
  const closing = new AbortController();
  const open = new Set<Promise<void>>();
  const fleet = createFleet(parts);

  const serve = async (
    request: Request,
    response: Response,
    work: (stream: EventStream) => Promise<void>,
  ): Promise<undefined> => {
    if (open.size >= options.mostFeeds) {
      throw new HttpError('too-many-feeds', `${open.size} live feeds are open, which is the most there may be`, {
        headers: { 'Retry-After': '10' },
      });
    }
    const check = (): Promise<unknown> => authenticate(request);
    const feed = serveStream(request, response, { clock, log, closing: closing.signal, check }, options, work);
    open.add(feed);
    try {
      await feed;
    } finally {
      open.delete(feed);
    }
    return undefined;
  };

  const routes = [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/feed',
      tag: 'Live feeds',
      summary: 'Events of a machine as they come',
      description: `${RESUME} Without a number, only what comes from now on. A message \`machine\` without id shows the machine whenever it changed; \`end\` comes when it was removed.`,
      access: 'read',
      params: nameParams,
      query: afterQuery,
      answers: { 200: stream, 204: { description: 'Nothing follows.' }, 404: { description: 'No such machine.' } },
      async handle({ params, query, request, response }) {
        const asked = lastEventId(request);
        if (asked === END_ID) return nothingFollows;
        const { id, lastSeq } = await machines.get(params.name);
        return await serve(request, response, async (client) => {
          using wakeUp = createWakeUp(timeline, clock, (changed) => changed === id);
          await followRows(client, {
            after: asked ?? query.after ?? lastSeq,
            wakeUp,
            read: (afterSeq, limit) => timeline.read(id, { afterSeq, limit }),
            look: () => lookAtMachine(id),
          });
        });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/{id}/feed',
      tag: 'Live feeds',
      summary: 'Events of a run from its first one, until it has ended',
      description: `${RESUME} A message \`run\` without id shows the run whenever it changed; the last message is \`end\`.`,
      access: 'read',
      params: idParams,
      query: afterQuery,
      answers: { 200: stream, 204: { description: 'Nothing follows.' }, 404: { description: 'No such run.' } },
      async handle({ params, query, request, response }) {
        const asked = lastEventId(request);
        if (asked === END_ID) return nothingFollows;
        const { id, machineId } = await runs.get(params.id);
        return await serve(request, response, async (client) => {
          using wakeUp = createWakeUp(timeline, clock, (changed) => changed === machineId);
          await followRows(client, {
            after: asked ?? query.after ?? 0,
            wakeUp,
            read: (afterSeq, limit) => timeline.readRun(id, { afterSeq, limit }),
            look: () => lookAtRun(id),
          });
        });
      },
    }),
    defineRoute({
      method: 'get',
      path: '/fleet/feed',
      tag: 'Live feeds',
      summary: 'Every machine, and every machine that changes',
      description:
        'First `machines` with all of them (in parts of up to 200), then `ready`; after that `machine` with each that changed and `removed` with each that is gone. Messages have no ids: a new connection begins with the whole fleet.',
      access: 'read',
      answers: { 200: stream },
      handle: ({ request, response }) => serve(request, response, followFleet),
    }),
    defineRoute({
      method: 'get',
      path: '/discovered-machines/feed',
      tag: 'Live feeds',
      summary: 'When the list of discovered machines changes',
      description:
        'A message `discovered` ({shown, ignored, lastSeenAt}) at once and after each change, once a second at most while machines ask: read the list again. Messages have no ids.',
      access: 'read',
      answers: { 200: stream },
      handle: ({ request, response }) =>
        serve(request, response, (client) => followDiscovered(client, discovered, clock)),
    }),
  ];

  return {
    routes,
    async close() {
      closing.abort();
      await Promise.allSettled(open);
      await fleet.close();
    },
  };

  async function lookAtMachine(id: string): ReturnType<RowsFeed['look']> {
    try {
      const machine = await machines.get(id);
      return { event: 'machine', data: viewFleetMachine(machine, await latestRunsOf(runs, id)) };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return { event: 'machine', end: { reason: 'machine-removed', state: null } };
    }
  }

  async function lookAtRun(id: string): ReturnType<RowsFeed['look']> {
    const run = await runs.get(id);
    const name = await machines.get(run.machineId).then(
      ({ spec }) => spec.name,
      (error: unknown) => {
        if (error instanceof NotFoundError) return null;
        throw error;
      },
    );
    const end = isActive(run) ? {} : { end: { reason: 'run-ended', state: run.state } };
    return { event: 'run', data: viewRun(run, name), ...end };
  }

  async function followFleet(client: EventStream): Promise<void> {
    // One entry a machine: a slow client gets the latest of each, not all of them.
    const pending = new Map<string, FleetChange>();
    let wake: (() => void) | undefined;
    using watch = await fleet.watch((change) => {
      pending.set(change.kind === 'machine' ? change.machine.id : change.id, change);
      wake?.();
    });
    client.signal.addEventListener('abort', () => wake?.(), { once: true });
    for (let from = 0; from < watch.machines.length; from += FLEET_PART) {
      await client.send({ event: 'machines', data: { items: watch.machines.slice(from, from + FLEET_PART) } });
    }
    await client.send({ event: 'ready', data: { machines: watch.machines.length } });
    for (;;) {
      client.signal.throwIfAborted();
      if (pending.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      for (const [id, change] of pending) {
        pending.delete(id);
        await client.send(
          change.kind === 'machine'
            ? { event: 'machine', data: change.machine }
            : { event: 'removed', data: { id: change.id, name: change.name } },
        );
      }
    }
  }
}

const FLEET_PART = 200;

/** A browser that gets this stops connecting again. @see HTML standard §9.2.3 (status 204) */
const nothingFollows: Reply = { status: 204 };

/** The number the client has, or that it has seen the end. */
function lastEventId(request: Request): number | typeof END_ID | undefined {
  const text = request.get('last-event-id');
  if (text === undefined || text === '') return undefined;
  if (text === END_ID) return END_ID;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw new InvalidRequestError('Last-Event-ID must be a number of an event');
}
