import type { BmcCalls } from '../bmc-calls.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';
import {
  clockOrderSchema,
  clockSetSchema,
  erasedLogSchema,
  eventLogQuery,
  eventLogSchema,
} from '../schema/hardware.ts';
import { viewEventLog, viewLogEntry } from '../views/hardware-view.ts';
import { iso } from '../views/time.ts';
import { bmcAnswers } from './bmc-answers.ts';

/** The controller's own event log, which is not the timeline of the machine. */
export function eventLogRoutes({ clock }: Pick<ApiParts, 'clock'>, calls: BmcCalls): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/event-log',
      tag: 'Hardware',
      summary: "The BMC's own event log, newest last",
      description:
        'Without `after` the newest entries; with it the ones that follow. The whole log is read for each page, so large pages are cheaper.',
      access: 'hardware.read',
      params: nameParams,
      query: eventLogQuery,
      answers: { 200: { description: 'A page of the log.', schema: eventLogSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => ({
          status: 200,
          body: viewEventLog(await bmc.eventLog(signal), request.query),
        })),
    }),
    defineRoute({
      method: 'delete',
      path: '/machines/{name}/event-log',
      tag: 'Hardware',
      summary: "Erase the BMC's own event log",
      description: 'Reads it first: the answer holds what was erased, which is kept nowhere else.',
      access: 'hardware.write',
      params: nameParams,
      answers: {
        200: { description: 'Erased.', schema: erasedLogSchema },
        ...bmcAnswers,
        409: { description: 'An entry came in meanwhile, and nothing was erased: look at it first.' },
      },
      handle: (request) =>
        calls.write(request, { type: 'bmc.event-log-cleared', data: {} }, async (bmc, signal, client) => {
          const { entries } = await bmc.eventLog(signal);
          // The answer is the only place where the entries will be, so somebody must be there to take it.
          client.throwIfAborted();
          const newest = entries.at(-1);
          // With nothing seen, whatever came in since would be erased unseen.
          if (newest !== undefined) await bmc.clearEventLog(newest.id, signal);
          return {
            reply: { status: 200, body: { erased: entries.map(viewLogEntry) } },
            data: { entries: entries.length },
          };
        }),
    }),
    defineRoute({
      method: 'put',
      path: '/machines/{name}/event-log/clock',
      tag: 'Hardware',
      summary: "Set the clock of the BMC's event log",
      access: 'hardware.write',
      params: nameParams,
      body: clockOrderSchema,
      answers: { 200: { description: 'What it was set to.', schema: clockSetSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.write(request, { type: 'bmc.clock-set', data: setTo(request.body.at) }, async (bmc, signal) => {
          const { at } = request.body;
          const time = at === undefined ? clock.now() : Date.parse(at);
          await bmc.setClock(time, signal);
          return { reply: { status: 200, body: { clockAt: iso(time) } }, data: { setTo: iso(time) } };
        }),
    }),
  ];
}

/** Without a time the service's own is taken, at the last moment. */
function setTo(at: string | undefined): { readonly setTo?: string } {
  return at === undefined ? {} : { setTo: iso(Date.parse(at)) };
}
