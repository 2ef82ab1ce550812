import type { DiscoveredMachine } from '../../domain/discovered-machine.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf } from '../schema/common.ts';
import { approvalSchema, discoveredMachineSchema, discoveredQuery, macParams } from '../schema/discovered.ts';
import { machineSchema } from '../schema/machine.ts';
import { otherCards, viewDiscovered } from '../views/discovered-view.ts';
import { latestRunsOf, viewMachine } from '../views/machine-view.ts';

const notFound = { description: 'It is not on the list.' };
/** MAC addresses of one machine at most, as its declaration has it. */
const MOST_MACS = 16;

/**
 * Machines that asked to boot and that nobody declared. Until one is approved it belongs to no timeline, so what is done to it is in
 * the log; the approval is the declaration's event.
 */
export function discoveredRoutes({ discovered, machines, runs, checks, log }: ApiParts): readonly Route[] {
  /** @throws NotFoundError; ConflictError when it is a declared machine's, naming that */
  async function find(mac: string): Promise<DiscoveredMachine> {
    try {
      return await discovered.get(mac);
    } catch (error) {
      const owner = error instanceof NotFoundError ? await machines.findByMac(mac) : undefined;
      if (owner === undefined) throw error;
      throw new ConflictError(`the MAC address ${mac} belongs to machine ${owner.spec.name}`, {
        details: {
          mac,
          machine: owner.spec.name,
          hint: 'It is declared already: change it with PUT /machines/{name}.',
        },
      });
    }
  }

  async function macsFor(
    machine: DiscoveredMachine,
    chosen: readonly string[] | undefined,
  ): Promise<readonly string[]> {
    if (chosen !== undefined) {
      if (chosen.includes(machine.mac)) return chosen;
      throw new InvalidRequestError(`macs must hold ${machine.mac}, which is what is approved`, {
        details: { mac: machine.mac, macs: [...chosen] },
      });
    }
    const others = otherCards(machine, await discovered.list()).filter(({ ignoredAt }) => ignoredAt === null);
    if (others.length < MOST_MACS) return [machine.mac, ...others.map(({ mac }) => mac)];
    throw new InvalidRequestError(
      `${others.length + 1} network cards say that they are of this machine, and ${MOST_MACS} is the most there may be: name its own in macs`,
      { details: { mac: machine.mac } },
    );
  }

  const ignoring = (verb: 'ignore' | 'unignore', summary: string, ignored: boolean): Route =>
    defineRoute({
      method: 'post',
      path: `/discovered-machines/{mac}/${verb}`,
      tag: 'Discovered machines',
      summary,
      access: 'machine.write',
      params: macParams,
      answers: { 200: { description: 'Done.', schema: discoveredMachineSchema }, 404: notFound },
      async handle({ params, caller }) {
        const machine = await discovered.ignore(params.mac, ignored);
        log.info({ actor: caller.name, mac: machine.mac, ignored }, 'discovered machine ignored or shown again');
        return { status: 200, body: viewDiscovered(machine, await discovered.list()) };
      },
    });

  return [
    defineRoute({
      method: 'get',
      path: '/discovered-machines',
      tag: 'Discovered machines',
      summary: 'Machines that asked to boot and that nobody declared, by MAC',
      description:
        'One entry a network card; those of one machine are known by its UUID (`sameMachine`). None of them is told what to boot. At most 1024 and for 30 days unless configured otherwise (netboot.discovery); only those that want to boot, so no phones or laptops. Follow `/discovered-machines/feed` to hear when to read it again.',
      access: 'read',
      query: discoveredQuery,
      answers: { 200: { description: 'A page of them.', schema: pageOf(discoveredMachineSchema) } },
      async handle({ query: { limit, cursor = '', ignored } }) {
        const all = await discovered.list();
        const wanted = all.filter(({ ignoredAt }) =>
          ignored === 'show' ? true : ignored === 'only' ? ignoredAt !== null : ignoredAt === null,
        );
        const rest = wanted.filter(({ mac }) => mac > cursor);
        const items = rest.slice(0, limit).map((machine) => viewDiscovered(machine, all));
        return { status: 200, body: { items, next: rest.length > limit ? (items.at(-1)?.mac ?? null) : null } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/discovered-machines/{mac}',
      tag: 'Discovered machines',
      summary: 'One of them',
      access: 'read',
      params: macParams,
      answers: {
        200: { description: 'The machine.', schema: discoveredMachineSchema },
        404: notFound,
        409: { description: 'It is declared.' },
      },
      async handle({ params }) {
        return { status: 200, body: viewDiscovered(await find(params.mac), await discovered.list()) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/discovered-machines/{mac}/approve',
      tag: 'Discovered machines',
      summary: 'Declare the machine, with what it told',
      description:
        'The body is that of POST /machines, in which `macs` may be left out: then all network cards of the same UUID are the machine’s. Anybody on the segment can claim a UUID, so a page should send the `macs` that it showed. The next request of the machine, a second later at the soonest, is answered.',
      access: 'machine.write',
      params: macParams,
      body: approvalSchema,
      answers: {
        201: { description: 'Declared, and off the list.', schema: machineSchema },
        404: notFound,
        409: { description: 'Name or MAC address is taken.' },
      },
      async handle({ params, body, caller }) {
        const found = await find(params.mac);
        const spec = checks.parseMachineSpec({ ...body, macs: await macsFor(found, body.macs) });
        const machine = await machines.declare(spec, 'api', caller.name);
        const view = viewMachine(machine, await latestRunsOf(runs, machine.id), true);
        return { status: 201, headers: { Location: `/api/v1/machines/${machine.spec.name}` }, body: view };
      },
    }),
    ignoring('ignore', 'Hide it from the list, until it is shown again', true),
    ignoring('unignore', 'Show it on the list again', false),
    defineRoute({
      method: 'delete',
      path: '/discovered-machines/{mac}',
      tag: 'Discovered machines',
      summary: 'Forget it; it comes back when it asks again',
      access: 'machine.write',
      params: macParams,
      answers: { 204: { description: 'Forgotten.' }, 404: notFound },
      async handle({ params, caller }) {
        await discovered.forget(params.mac);
        log.info({ actor: caller.name, mac: params.mac }, 'discovered machine forgotten');
        return { status: 204 };
      },
    }),
  ];
}
