import { z } from 'zod';
import type { Run } from '../../domain/run.ts';
import { InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import { mayDo } from '../access.ts';
import type { Caller } from '../authentication.ts';
import { forbidden } from '../mount.ts';
import type { ApiChecks, ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams, nameParams, pageOf, pageQuery } from '../schema/common.ts';
import { type RunRequestBody, runRequestSchema, runSchema, runStateSchema } from '../schema/run.ts';
import { viewRun } from '../views/run-view.ts';

const notFound = { description: 'There is no such run.' };

const listQuery = pageQuery.extend({
  machine: z.exactOptional(z.string().min(1).max(100)).describe('Only of this machine, by name or id.'),
  state: z
    .exactOptional(
      z
        .string()
        .transform((text) => text.split(','))
        .pipe(z.array(runStateSchema).min(1)),
    )
    .describe('Only in these states, separated by commas: queued,running.'),
});

/** Ordering runs and looking at them. */
export function runRoutes({ machines, runs, orders, checks }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/machines/{name}/runs',
      tag: 'Runs',
      summary: 'Order a run',
      description:
        'power and rebuild take the role operator; boot, unlock, reboot and update take unlocker, since they may release a passphrase.',
      access: 'read',
      params: nameParams,
      body: runRequestSchema,
      headers: [
        {
          name: 'Idempotency-Key',
          description: 'Up to 200 characters. The same key of the same token within a day gives the same run back.',
        },
      ],
      answers: {
        202: { description: 'Queued; `Location` is the run.', schema: runSchema },
        404: { description: 'There is no such machine.' },
        409: { description: 'Another run of the machine is active, or the key was used for another order.' },
      },
      async handle({ params, body, caller, request }) {
        const permission = `run.${body.kind}` as const;
        if (!mayDo(caller.role, permission)) throw forbidden(caller.name, caller.role, permission);
        checkRequest(body, checks);
        const key = idempotencyKey(request.get('idempotency-key'));
        const by = { actor: caller.name, ...(key === undefined ? {} : { idempotencyKey: scoped(key, caller) }) };
        return accepted(await orders.place(params.name, body, by));
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs',
      tag: 'Runs',
      summary: 'Runs, newest first',
      access: 'read',
      query: listQuery,
      answers: { 200: { description: 'A page of runs.', schema: pageOf(runSchema) } },
      async handle({ query: { limit, cursor, machine, state } }) {
        const found = await runs.list({
          // One more than asked for tells whether there is another page.
          limit: limit + 1,
          ...(machine === undefined ? {} : { machineId: await machineIdOf(machine) }),
          ...(state === undefined ? {} : { states: state }),
          ...(cursor === undefined ? {} : { before: cursor }),
        });
        const page = found.slice(0, limit);
        const names = await namesOf(page);
        const items = page.map((run) => viewRun(run, names.get(run.machineId) ?? null));
        return { status: 200, body: { items, next: found.length > limit ? (page.at(-1)?.id ?? null) : null } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/runs/{id}',
      tag: 'Runs',
      summary: 'One run with its plan',
      access: 'read',
      params: idParams,
      answers: { 200: { description: 'The run.', schema: runSchema }, 404: notFound },
      async handle({ params }) {
        const run = await runs.get(params.id);
        return { status: 200, body: await view(run) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/runs/{id}/cancel',
      tag: 'Runs',
      summary: 'Ask for a run to be cancelled',
      description: 'A queued run ends at once; a running one when its step has cleaned up. Asking twice is harmless.',
      access: 'run.cancel',
      params: idParams,
      answers: {
        202: { description: 'Asked for.', schema: runSchema },
        404: notFound,
        409: { description: 'The run has ended already.' },
      },
      handle: async ({ params, caller }) => accepted(await orders.cancel(params.id, caller.name)),
    }),
  ];

  async function accepted(run: Run) {
    return { status: 202, headers: { Location: `/api/v1/runs/${run.id}` }, body: await view(run) };
  }

  async function view(run: Run) {
    return viewRun(run, (await namesOf([run])).get(run.machineId) ?? null);
  }

  /** Names of the runs' machines; of removed ones there is none. */
  async function namesOf(some: readonly Run[]): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (const id of new Set(some.map(({ machineId }) => machineId))) {
      try {
        names.set(id, (await machines.get(id)).spec.name);
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
      }
    }
    return names;
  }

  /** Runs of a removed machine are still found by its id. */
  async function machineIdOf(nameOrId: string): Promise<string> {
    try {
      return (await machines.get(nameOrId)).id;
    } catch (error) {
      if (!(error instanceof NotFoundError) || (await runs.list({ machineId: nameOrId, limit: 1 })).length === 0)
        throw error;
      return nameOrId;
    }
  }
}

function checkRequest(body: RunRequestBody, checks: ApiChecks): void {
  if (body.kind !== 'rebuild' && body.kind !== 'update') return;
  const flake = body.flake === undefined ? undefined : checks.flakeProblem(body.flake);
  const attribute = body.attribute === undefined ? undefined : checks.attributeProblem(body.attribute);
  const problems = [
    ...(flake === undefined ? [] : [`body.flake: ${flake}`]),
    ...(attribute === undefined ? [] : [`body.attribute: ${attribute}`]),
  ];
  if (problems.length > 0) {
    throw new InvalidRequestError(`the body is not valid: ${problems[0] ?? ''}`, { details: { problems } });
  }
}

function idempotencyKey(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw new InvalidRequestError('Idempotency-Key must be 1 to 200 printable ASCII characters without spaces');
}

/** Names of tokens may come again after a removal; their ids do not. */
function scoped(key: string, caller: Caller): string {
  return `${caller.tokenId} ${key}`;
}
