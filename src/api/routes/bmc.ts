import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';

/** A reset sends nothing; resolving a host name is all it may wait for. */
const RESET_MS = 10_000;

/** What concerns a machine's controller and is no run: it neither reads nor changes the machine. */
export function bmcRoutes({ machines, timeline, bmcs }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/machines/{name}/bmc/reset-authentication',
      tag: 'Machines',
      summary: 'Allow BMC logins again',
      description:
        'After a BMC has rejected a credential it is not tried again by itself, so that the account is not locked. Call this when the account was put right on the BMC; a corrected password reference needs no reset.',
      access: 'bmc.reset',
      params: nameParams,
      answers: { 204: { description: 'The next run tries again.' }, 404: { description: 'There is no such machine.' } },
      async handle({ params, caller }) {
        const machine = await machines.get(params.name);
        await bmcs.resetAuthentication(machine, { unpin: false }, AbortSignal.timeout(RESET_MS));
        await timeline.append(machine.id, [
          { type: 'bmc.authentication-reset', source: 'api', data: { actor: caller.name } },
        ]);
        return { status: 204 };
      },
    }),
  ];
}
