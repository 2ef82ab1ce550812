import { InvalidRequestError } from '../../foundation/errors.ts';
import type { BmcCalls } from '../bmc-calls.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';
import { rawAnswerSchema, rawCommandSchema } from '../schema/hardware.ts';
import { viewRawAnswer } from '../views/hardware-view.ts';
import { bmcAnswers } from './bmc-answers.ts';

/** Commands as bytes, for what has no name here. */
export function rawRoutes(calls: BmcCalls): readonly Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/machines/{name}/raw',
      tag: 'Hardware',
      summary: 'Send an IPMI command as bytes',
      description:
        'Sent once and never again, over a session of its own. It is refused while a run is active, whatever the bytes: which ones only read cannot be told. The timeline gets network function, command and length, not the data.',
      access: 'hardware.raw',
      params: nameParams,
      body: rawCommandSchema,
      answers: {
        200: {
          description: 'What became of it; a completion code other than 0 is an answer too.',
          schema: rawAnswerSchema,
        },
        ...bmcAnswers,
        409: { description: 'A run of the machine is active; `details.runId` names it.' },
      },
      handle: (request) => {
        const { netFn, lun, command } = request.body;
        const data = Buffer.from(request.body.data, 'hex');
        return calls.write(
          request,
          {
            type: 'bmc.raw-sent',
            data: { netFn, lun, command, bytes: data.length },
            notDuringRun: 'raw commands are not sent',
          },
          async (bmc, signal) => {
            if (bmc.raw === undefined) {
              throw new InvalidRequestError(`the BMC of ${request.params.name} takes no raw commands`);
            }
            const answer = viewRawAnswer(await bmc.raw({ netFn, lun, command, data }, signal));
            const reply = { status: 200, body: answer };
            if (answer.outcome === 'unknown') return { reply, outcome: 'unknown' };
            const { completionCode, meaning } = answer;
            return { reply, data: { completionCode, meaning } };
          },
        );
      },
    }),
  ];
}
