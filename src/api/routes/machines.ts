import { z } from 'zod';
import { ConflictError } from '../../foundation/errors.ts';
import { mayDo } from '../access.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams, pageOf, pageQuery } from '../schema/common.ts';
import { generationSchema, machineSchema, machineSpecSchema } from '../schema/machine.ts';
import { latestRunsOf, viewMachine } from '../views/machine-view.ts';
import { iso } from '../views/time.ts';

const notFound = { description: 'There is no such machine.' };
const taken = { description: 'Name or MAC address is taken, the machine follows the file, or a run is active.' };

/** The inventory. */
export function machineRoutes({ machines, runs, generations, checks }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines',
      tag: 'Machines',
      summary: 'All machines, by name',
      access: 'read',
      query: pageQuery,
      answers: { 200: { description: 'A page of machines.', schema: pageOf(machineSchema) } },
      async handle({ query: { limit, cursor = '' }, caller }) {
        const all = await machines.list();
        const rest = all.filter(({ spec }) => spec.name > cursor).sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
        const page = rest.slice(0, limit);
        const whole = mayDo(caller.role, 'machine.write');
        const items = [];
        for (const machine of page) items.push(viewMachine(machine, await latestRunsOf(runs, machine.id), whole));
        return { status: 200, body: { items, next: rest.length > limit ? (page.at(-1)?.spec.name ?? null) : null } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/machines',
      tag: 'Machines',
      summary: 'Declare a machine',
      access: 'machine.write',
      body: machineSpecSchema,
      answers: { 201: { description: 'Declared.', schema: machineSchema }, 409: taken },
      async handle({ body, caller }) {
        const machine = await machines.declare(checks.parseMachineSpec(body), 'api', caller.name);
        const view = viewMachine(machine, await latestRunsOf(runs, machine.id), true);
        return { status: 201, headers: { Location: `/api/v1/machines/${machine.spec.name}` }, body: view };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}',
      tag: 'Machines',
      summary: 'One machine',
      access: 'read',
      params: nameParams,
      answers: { 200: { description: 'The machine.', schema: machineSchema }, 404: notFound },
      async handle({ params, caller }) {
        const machine = await machines.get(params.name);
        const whole = mayDo(caller.role, 'machine.write');
        return { status: 200, body: viewMachine(machine, await latestRunsOf(runs, machine.id), whole) };
      },
    }),
    defineRoute({
      method: 'put',
      path: '/machines/{name}',
      tag: 'Machines',
      summary: 'Replace the declaration of a machine',
      description: 'The name in the body may differ: that renames the machine.',
      access: 'machine.write',
      params: nameParams,
      body: machineSpecSchema,
      answers: { 200: { description: 'Replaced.', schema: machineSchema }, 404: notFound, 409: taken },
      async handle({ params, body, caller }) {
        const machine = await machines.change(params.name, checks.parseMachineSpec(body), 'api', caller.name);
        return { status: 200, body: viewMachine(machine, await latestRunsOf(runs, machine.id), true) };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/machines/{name}',
      tag: 'Machines',
      summary: 'Remove a machine',
      description: 'Its runs and events stay readable by its id.',
      access: 'machine.write',
      params: nameParams,
      answers: { 204: { description: 'Removed.' }, 404: notFound, 409: taken },
      async handle({ params, caller }) {
        const machine = await machines.get(params.name);
        if (machine.source === 'config') {
          throw new ConflictError(
            `machine ${machine.spec.name} is declared in the configuration file: remove it there`,
            {
              details: { machine: machine.spec.name },
            },
          );
        }
        await machines.remove(machine.id, caller.name);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/generations',
      tag: 'Machines',
      summary: 'Generations that proved themselves, newest last',
      access: 'read',
      params: nameParams,
      answers: {
        200: { description: 'The generations.', schema: z.strictObject({ items: z.array(generationSchema) }) },
        404: notFound,
      },
      async handle({ params }) {
        const machine = await machines.get(params.name);
        const items = (await generations.list(machine.id)).map(({ toplevel, runId, provenAt }) => ({
          toplevel,
          runId,
          provenAt: iso(provenAt),
        }));
        return { status: 200, body: { items } };
      },
    }),
  ];
}
