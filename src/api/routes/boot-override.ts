import type { BmcCalls } from '../bmc-calls.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';
import { bootOverrideOrderSchema, bootOverrideSchema, bootOverrideSetSchema } from '../schema/hardware.ts';
import { viewOverrideSet } from '../views/hardware-view.ts';
import { bmcAnswers } from './bmc-answers.ts';

/** Where the firmware is asked to boot from. */
export function bootOverrideRoutes(calls: BmcCalls): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/boot-override',
      tag: 'Hardware',
      summary: 'The boot override',
      access: 'hardware.read',
      params: nameParams,
      answers: { 200: { description: 'As the BMC has it.', schema: bootOverrideSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => {
          const { device, valid, persistent, efi } = await bmc.bootOverride(signal);
          return { status: 200, body: { device, valid, persistent, efi } };
        }),
    }),
    defineRoute({
      method: 'put',
      path: '/machines/{name}/boot-override',
      tag: 'Hardware',
      summary: 'Set the boot override',
      description:
        'Some BMCs take a part of it only: `stuck` says whether all of it reads back. Runs set the override themselves, so it is refused while one is active.',
      access: 'hardware.write',
      params: nameParams,
      body: bootOverrideOrderSchema,
      answers: {
        200: { description: 'What reads back.', schema: bootOverrideSetSchema },
        ...bmcAnswers,
        409: { description: 'A run of the machine is active; `details.runId` names it.' },
      },
      handle: (request) => {
        const asked = request.body;
        const notDuringRun = 'the boot override is not set';
        return calls.write(
          request,
          { type: 'bmc.boot-override-set', data: asked, notDuringRun },
          async (bmc, signal) => {
            const { stuck, ...read } = viewOverrideSet(asked, await bmc.setBootOverride(asked, signal));
            return { reply: { status: 200, body: { ...read, stuck } }, data: { read, stuck } };
          },
        );
      },
    }),
  ];
}
