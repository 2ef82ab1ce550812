import { z } from 'zod';
import type { TimelineEvent } from '../../domain/event.ts';
import type { EventPage } from '../../domain/ports/timeline.ts';
import type { Run } from '../../domain/run.ts';
import { InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import { idParams, nameParams, seqQuery } from '../schema/common.ts';
import { eventPageSchema } from '../schema/event.ts';
import { viewEvent } from '../views/event-view.ts';

const eventsQuery = z.strictObject({
  after: z.exactOptional(seqQuery).describe('Only events with higher numbers.'),
  before: z
    .exactOptional(seqQuery)
    .describe('Only events with lower numbers; without `after`, the page right before that number.'),
  limit: z.coerce.number().int().min(1).max(1000).default(200).describe('Events of a page, 1 to 1000. Default 200.'),
});
type EventsQuery = z.output<typeof eventsQuery>;

/** Bytes of output in one answer. */
const LARGEST_OUTPUT = 1024 * 1024;

const outputQuery = z.strictObject({
  step: z
    .exactOptional(seqQuery.max(1000))
    .describe("The step's index in the plan. Default: that of the build (activate)."),
  from: seqQuery.default(0).describe('First byte. Default 0.'),
});

/** Reading the timeline and the bulk output beside it. */
export function eventRoutes({ machines, runs, timeline, output }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/events',
      tag: 'Events',
      summary: 'Events of a machine, oldest first',
      access: 'read',
      params: nameParams,
      query: eventsQuery,
      answers: {
        200: { description: 'A page of events.', schema: eventPageSchema },
        404: { description: 'There is no such machine.' },
      },
      async handle({ params, query }) {
        const id = await machineIdOf(params.name);
        return page(query, await timeline.read(id, rowsOf(query)));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/{id}/events',
      tag: 'Events',
      summary: 'Events of a run, oldest first',
      description: 'Numbers are those of the machine, so they may skip events that belong to no run.',
      access: 'read',
      params: idParams,
      query: eventsQuery,
      answers: {
        200: { description: 'A page of events.', schema: eventPageSchema },
        404: { description: 'There is no such run.' },
      },
      async handle({ params, query }) {
        const run = await runs.get(params.id);
        return page(query, await timeline.readRun(run.id, rowsOf(query)));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/{id}/output',
      tag: 'Events',
      summary: "A step's output, as text",
      description:
        'At most 1 MiB an answer; `X-Output-From` and `X-Output-To` are the byte range sent, `X-Output-End` all there is so far. Ask again with `from` set to `X-Output-To`.',
      access: 'read',
      params: idParams,
      query: outputQuery,
      answers: {
        200: { description: 'Output, as the machine wrote it.', contentType: 'text/plain' },
        404: { description: 'There is no such run or step.' },
      },
      async handle({ params, query: { step, from } }) {
        const run = await runs.get(params.id);
        const index = step ?? buildStep(run);
        if (run.plan[index] === undefined) {
          throw new NotFoundError(`run ${run.id} has no step ${index}: its plan has ${run.plan.length}`);
        }
        const end = await output.end(run.id, index);
        if (from > end) throw new InvalidRequestError(`there is no byte ${from} yet: the output ends at ${end}`);
        const bytes = await output.read(run.id, index, from, LARGEST_OUTPUT);
        const headers = {
          'X-Output-From': String(from),
          'X-Output-To': String(from + bytes.length),
          'X-Output-End': String(end),
        };
        return { status: 200, headers, contentType: 'text/plain; charset=utf-8', body: bytes };
      },
    }),
  ];

  /** Events of a removed machine stay readable by its id. */
  async function machineIdOf(nameOrId: string): Promise<string> {
    try {
      return (await machines.get(nameOrId)).id;
    } catch (error) {
      if (!(error instanceof NotFoundError) || (await timeline.read(nameOrId, { limit: 1 })).length === 0) throw error;
      return nameOrId;
    }
  }
}

function rowsOf({ after, before, limit }: EventsQuery): EventPage {
  return {
    limit,
    ...(after === undefined ? {} : { afterSeq: after }),
    ...(before === undefined ? {} : { beforeSeq: before }),
  };
}

function page({ after, before, limit }: EventsQuery, events: readonly TimelineEvent[]): Reply {
  const forwards = after !== undefined || before === undefined;
  const next = forwards && events.length === limit ? (events.at(-1)?.seq ?? null) : null;
  return { status: 200, body: { items: events.map(viewEvent), next } };
}

/** Where the bulk output is; runs without a build have none, and then the present step's is empty. */
function buildStep(run: Run): number {
  const index = run.plan.findIndex(({ step }) => step === 'activate');
  return index === -1 ? Math.min(run.cursor, run.plan.length - 1) : index;
}
