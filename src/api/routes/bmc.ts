import { z } from 'zod';
import { mayDo } from '../access.ts';
import { forbidden } from '../mount.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';

/** A reset sends nothing; resolving a host name is all it may wait for. */
const RESET_MS = 10_000;

const resetQuery = z.strictObject({
  unpin: z
    .exactOptional(z.enum(['true', 'false']).transform((text) => text === 'true'))
    .describe('true: also forget how well protected a session the BMC has agreed to before. Takes the role admin.'),
});

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
      query: resetQuery,
      answers: {
        204: { description: 'The next request or run tries again.' },
        400: { description: 'The machine has no BMC.' },
        404: { description: 'There is no such machine.' },
      },
      async handle({ params, query: { unpin = false }, caller }) {
        // How little protection is taken is part of the declaration, and so is forgetting how much there was.
        if (unpin && !mayDo(caller.role, 'machine.write')) throw forbidden(caller.name, caller.role, 'machine.write');
        const machine = await machines.get(params.name);
        await bmcs.resetAuthentication(machine, { unpin }, AbortSignal.timeout(RESET_MS));
        await timeline.append(machine.id, [
          {
            type: 'bmc.authentication-reset',
            source: 'api',
            data: { actor: caller.name, ...(unpin ? { unpin } : {}) },
          },
        ]);
        return { status: 204 };
      },
    }),
  ];
}
