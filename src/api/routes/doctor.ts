import type { z } from 'zod';
import type { AttemptKey } from '../../domain/ports/boot-captures.ts';
import { InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams, pageOf, pageQuery } from '../schema/common.ts';
import { bootAttemptParams, bootAttemptSchema } from '../schema/doctor.ts';
import { viewBootAttempt } from '../views/boot-attempt-view.ts';

const noMachine = { description: 'There is no such machine.' };
const noAttempt = { description: 'There is no such machine, or no such attempt of it any more.' };

/** What the boot doctor saw and found. */
export function doctorRoutes({ machines, bootCaptures, log }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/boot-attempts',
      tag: 'Netboot',
      summary: 'Network boot attempts of a machine, newest first, with what was wrong',
      description:
        'The last attempts of each machine are kept, for a while: see netboot.captures of the configuration.',
      access: 'read',
      params: nameParams,
      query: pageQuery,
      answers: { 200: { description: 'A page of attempts.', schema: pageOf(bootAttemptSchema) }, 404: noMachine },
      async handle({ params, query: { limit, cursor } }) {
        const machineId = await machineIdOf(params.name);
        const before = cursor === undefined ? {} : { before: parseCursor(cursor) };
        // One more than asked for tells whether there is another page.
        const found = await bootCaptures.list(machineId, { limit: limit + 1, ...before });
        const page = found.slice(0, limit);
        const last = page.at(-1);
        const next = found.length > limit && last !== undefined ? `${last.runId}.${last.round}` : null;
        return { status: 200, body: { items: page.map(viewBootAttempt), next } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/boot-attempts/{runId}/{round}',
      tag: 'Netboot',
      summary: 'One boot attempt',
      access: 'read',
      params: bootAttemptParams,
      answers: { 200: { description: 'The attempt.', schema: bootAttemptSchema }, 404: noAttempt },
      async handle({ params }) {
        const capture = await bootCaptures.find(await keyOf(params));
        if (capture === undefined) throw gone(params);
        return { status: 200, body: viewBootAttempt(capture) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/boot-attempts/{runId}/{round}/packets',
      tag: 'Netboot',
      summary: 'The last packets of a boot attempt, as pcap',
      description:
        'DHCP, PXE and TFTP as the listeners heard and sent them, with IP and UDP headers made of their addresses; of file blocks only the first, the last and what was sent again, cut. Boot tokens are crossed out.',
      access: 'netboot.capture',
      params: bootAttemptParams,
      answers: {
        200: { description: 'A pcap file.', contentType: 'application/vnd.tcpdump.pcap' },
        404: noAttempt,
      },
      async handle({ params, caller }) {
        const file = await bootCaptures.packets(await keyOf(params));
        if (file === undefined) throw gone(params);
        const { name, runId, round } = params;
        log.info({ actor: caller.name, machine: name, runId, round }, 'boot packets downloaded');
        const fileName = `${name}-${runId}-${round}.pcap`.replaceAll(/[^\w.-]/g, '_');
        const headers = { 'Content-Disposition': `attachment; filename="${fileName}"` };
        return { status: 200, headers, contentType: 'application/vnd.tcpdump.pcap', body: file };
      },
    }),
  ];

  async function keyOf({ name, runId, round }: z.output<typeof bootAttemptParams>): Promise<AttemptKey> {
    return { machineId: await machineIdOf(name), runId, round };
  }

  /** Attempts of a removed machine stay readable by its id. */
  async function machineIdOf(nameOrId: string): Promise<string> {
    try {
      return (await machines.get(nameOrId)).id;
    } catch (error) {
      if (!(error instanceof NotFoundError) || (await bootCaptures.list(nameOrId, { limit: 1 })).length === 0)
        throw error;
      return nameOrId;
    }
  }
}

function parseCursor(text: string): Pick<AttemptKey, 'runId' | 'round'> {
  const [, runId, round] = /^(.+)\.(\d{1,7})$/.exec(text) ?? [];
  if (runId === undefined || round === undefined)
    throw new InvalidRequestError('the cursor is none of this list: take `next` of the page before');
  return { runId, round: Number(round) };
}

function gone({ name, runId, round }: z.output<typeof bootAttemptParams>): NotFoundError {
  return new NotFoundError(`no boot attempt of ${name} in run ${runId}, round ${round}, is kept`, {
    details: { hint: 'bootwright doctor NAME lists those that are. Machines that do not netboot have none.' },
  });
}
