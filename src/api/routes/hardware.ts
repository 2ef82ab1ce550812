import type { BmcCalls } from '../bmc-calls.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';
import {
  chassisSchema,
  identifySchema,
  inventorySchema,
  powerSchema,
  restorePolicySchema,
  sensorsQuery,
  sensorsSchema,
} from '../schema/hardware.ts';
import { viewChassis, viewFru, viewSensors } from '../views/hardware-view.ts';
import { bmcAnswers } from './bmc-answers.ts';
import { bootOverrideRoutes } from './boot-override.ts';
import { eventLogRoutes } from './event-log.ts';
import { rawRoutes } from './raw.ts';

/** Asking and changing a machine's hardware through its controller, outside of runs. */
export function hardwareRoutes(parts: Pick<ApiParts, 'clock'>, calls: BmcCalls): readonly Route[] {
  return [
    ...readRoutes(calls),
    ...settingRoutes(calls),
    ...eventLogRoutes(parts, calls),
    ...bootOverrideRoutes(calls),
    ...rawRoutes(calls),
  ];
}

function readRoutes(calls: BmcCalls): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/power',
      tag: 'Hardware',
      summary: 'Whether the machine is powered on',
      description: 'Asks the BMC now. Power is switched by a run of kind power.',
      access: 'hardware.read',
      params: nameParams,
      answers: { 200: { description: 'On or off.', schema: powerSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => ({ status: 200, body: { power: await bmc.powerState(signal) } })),
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/chassis',
      tag: 'Hardware',
      summary: 'State of the chassis',
      access: 'hardware.read',
      params: nameParams,
      answers: { 200: { description: 'What the BMC tells of it.', schema: chassisSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => ({ status: 200, body: viewChassis(await bmc.chassis(signal)) })),
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/sensors',
      tag: 'Hardware',
      summary: 'Sensors with their readings, worst first',
      description:
        'A BMC with hundreds of sensors takes seconds; the first time, when it is asked what it has, a minute.',
      access: 'hardware.read',
      params: nameParams,
      query: sensorsQuery,
      answers: { 200: { description: 'The sensors.', schema: sensorsSchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => {
          const items = viewSensors(await bmc.sensors(signal), request.query);
          return { status: 200, body: { items } };
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/machines/{name}/inventory',
      tag: 'Hardware',
      summary: 'What is written on the replaceable parts',
      access: 'hardware.read',
      params: nameParams,
      answers: { 200: { description: 'The parts.', schema: inventorySchema }, ...bmcAnswers },
      handle: (request) =>
        calls.read(request, async (bmc, signal) => {
          const items = (await bmc.inventory(signal)).map(viewFru);
          return { status: 200, body: { items } };
        }),
    }),
  ];
}

function settingRoutes(calls: BmcCalls): readonly Route[] {
  return [
    defineRoute({
      method: 'put',
      path: '/machines/{name}/identify',
      tag: 'Hardware',
      summary: 'Switch the identify light',
      access: 'hardware.write',
      params: nameParams,
      body: identifySchema,
      answers: { 200: { description: 'What the light was told.', schema: identifySchema }, ...bmcAnswers },
      handle: (request) =>
        calls.write(request, { type: 'bmc.identified', data: request.body }, async (bmc, signal) => {
          const { light } = request.body;
          await bmc.identify(typeof light === 'number' ? { seconds: light } : light, signal);
          return { reply: { status: 200, body: { light } } };
        }),
    }),
    defineRoute({
      method: 'put',
      path: '/machines/{name}/power-restore-policy',
      tag: 'Hardware',
      summary: 'Set what the machine does when mains power returns',
      description: 'The present policy is part of the chassis.',
      access: 'hardware.write',
      params: nameParams,
      body: restorePolicySchema,
      answers: { 200: { description: 'What was set.', schema: restorePolicySchema }, ...bmcAnswers },
      handle: (request) =>
        calls.write(request, { type: 'bmc.power-policy-set', data: request.body }, async (bmc, signal) => {
          const { policy } = request.body;
          await bmc.setPowerRestorePolicy(policy, signal);
          return { reply: { status: 200, body: { policy } } };
        }),
    }),
  ];
}
