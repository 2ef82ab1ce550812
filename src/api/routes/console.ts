import { z } from 'zod';
import type { ConsoleTextFilter } from '../../domain/ports/consoles.ts';
import { NotFoundError } from '../../foundation/errors.ts';
import { recordReconnect } from '../console/reconnect.ts';
import { HttpError } from '../http-error.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams, nameParams, seqQuery } from '../schema/common.ts';
import {
  consoleMatchesSchema,
  consolePageSchema,
  consoleQuery,
  consoleSearchQuery,
  consoleServerMessageSchema,
  consoleTextQuery,
  reconnectSchema,
} from '../schema/console.ts';
import { plainChunks, viewChunks } from '../views/console-view.ts';
import { iso } from '../views/time.ts';

/** Opening a line resolves names and asks for secrets; the line itself comes up later. */
const ATTACH_MS = 30_000;
/** Bytes of console text in one answer. */
const LARGEST_TEXT = 1024 * 1024;

const noMachine = { description: 'There is no such machine.' };
const noMachineOrRun = { description: 'There is no such machine, or no such run of it.' };

const runConsoleQuery = z.strictObject({
  from: seqQuery.default(0).describe("First byte, as a place in the machine's console. Default 0: the run's first."),
});

const PROTOCOL = [
  'A WebSocket (RFC 6455). The token goes in `Authorization`, never in the URL; with the session cookie the page must be of the same origin.',
  'Binary frames are output; text frames are control messages, `ConsoleServerMessage`. In mode write, binary frames to the service are typed, and text frames are `ConsoleClientMessage`.',
  'Count the bytes from the last `offset` message on: with that number as `from` a later connection goes on without gap or double.',
  'Close codes: 1000 idle, 1001 the service ends, 1008 rights ended, 1009 frame over 64 KiB, 1011 error, 1013 too slow, 4404 the machine was removed.',
].join(' ');

/** The serial console: live by WebSocket, which `console/sockets.ts` serves, and its stored text. */
export function consoleRoutes({ machines, runs, consoles, consoleText, timeline }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/console',
      tag: 'Console',
      summary: "A machine's serial console, live",
      description: `${PROTOCOL} Mode write takes console.write.`,
      access: 'console.read',
      params: nameParams,
      query: consoleQuery,
      answers: {
        101: { description: 'The console; text frames are these.', schema: consoleServerMessageSchema },
        400: { description: 'The machine has no serial console.' },
        404: noMachine,
        409: { description: 'Too many viewers.' },
        426: { description: 'The request is no WebSocket.' },
      },
      async handle() {
        throw new HttpError('upgrade-required', 'the console is a WebSocket: ask with Upgrade: websocket', {
          headers: { Upgrade: 'websocket' },
        });
      },
    }),
    defineRoute({
      method: 'post',
      path: '/machines/{name}/console/reconnect',
      tag: 'Console',
      summary: 'Set the console up anew',
      description:
        'A console that somebody else has taken is left to them until this is called, or the control message of the same name; with `steal` it is taken from them.',
      access: 'console.write',
      params: nameParams,
      body: reconnectSchema,
      answers: { 204: { description: 'Ordered.' }, 400: { description: 'It has no console.' }, 404: noMachine },
      async handle({ params, body: { steal }, caller: { name: actor } }) {
        const machine = await machines.get(params.name);
        await using seat = await consoles.attach(machine, { actor }, AbortSignal.timeout(ATTACH_MS));
        await recordReconnect(timeline, machine.id, { actor, steal });
        seat.reconnect({ steal });
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/console/text',
      tag: 'Console',
      summary: 'Stored console text, with the places where some is missing',
      description:
        'The oldest text of a machine is removed when there is too much of it; places in it stay what they are.',
      access: 'console.read',
      params: nameParams,
      query: consoleTextQuery,
      answers: { 200: { description: 'A page of text.', schema: consolePageSchema }, 404: noMachineOrRun },
      async handle({ params, query: { from, limit, run } }) {
        const filter = await askedFor(params.name, run);
        const end = await consoleText.end(filter.machineId);
        const chunks = await consoleText.read(filter, from, limit);
        return { status: 200, body: { ...viewChunks(chunks, from), end } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/console/search',
      tag: 'Console',
      summary: 'Lines of stored console text that hold a text',
      access: 'console.read',
      params: nameParams,
      query: consoleSearchQuery,
      answers: { 200: { description: 'The lines.', schema: consoleMatchesSchema }, 404: noMachineOrRun },
      async handle({ params, query: { text, limit, run } }) {
        const found = await consoleText.search(await askedFor(params.name, run), text, limit);
        return { status: 200, body: { items: found.map((match) => ({ ...match, at: iso(match.at) })) } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/{id}/console',
      tag: 'Console',
      summary: "What the machine's console showed while a run was active",
      description:
        'As the machine wrote it, control sequences included; where output is missing a line says so. At most 1 MiB an answer: ask again with `from` set to `X-Console-Next` until the answer is empty.',
      access: 'console.read',
      params: idParams,
      query: runConsoleQuery,
      answers: {
        200: { description: 'Text.', contentType: 'text/plain' },
        404: { description: 'There is no such run.' },
      },
      async handle({ params, query: { from } }) {
        const run = await runs.get(params.id);
        const read = await consoleText.read(filterOf(run.machineId, run.id), from, LARGEST_TEXT);
        const last = read.at(-1);
        const next = last === undefined ? from : last.offset + last.bytes.length;
        // A mark at the seam came with the page before.
        const chunks = from > 0 ? read.filter(({ offset, lost }) => lost === null || offset > from) : read;
        const headers = { 'X-Console-Next': String(next) };
        return { status: 200, headers, contentType: 'text/plain; charset=utf-8', body: plainChunks(chunks) };
      },
    }),
  ];

  /** A run that is not this machine's has no text there, and a mistyped one is not the same as silence. */
  async function askedFor(nameOrId: string, runId: string | undefined): Promise<ConsoleTextFilter> {
    const machineId = await machineIdOf(nameOrId);
    if (runId !== undefined && (await runs.get(runId)).machineId !== machineId) {
      throw new NotFoundError(`run ${runId} is not one of ${nameOrId}`, { details: { runId } });
    }
    return filterOf(machineId, runId);
  }

  /** Text of a removed machine stays readable by its id. */
  async function machineIdOf(nameOrId: string): Promise<string> {
    try {
      return (await machines.get(nameOrId)).id;
    } catch (error) {
      if (!(error instanceof NotFoundError) || (await consoleText.end(nameOrId)) === 0) throw error;
      return nameOrId;
    }
  }
}

function filterOf(machineId: string, runId: string | undefined): ConsoleTextFilter {
  return runId === undefined ? { machineId } : { machineId, runId };
}
