import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { nameParams } from '../schema/common.ts';
import { type LoadersBody, loadersSchema } from '../schema/loaders.ts';
import { iso } from '../views/time.ts';

type Learnt = LoadersBody['items'][number];

const notFound = { description: 'There is no such machine.' };

/** What netboot has learnt of a machine's boot loaders. */
export function loaderRoutes({ machines, loaderMemory, loaderHangs, timeline }: ApiParts): readonly Route[] {
  async function learntOf(mac: string): Promise<readonly Learnt[]> {
    const proven = await loaderMemory.ofMac(mac);
    const hung = new Map((loaderHangs?.hungOf(mac) ?? []).map(({ architecture, loaders }) => [architecture, loaders]));
    const architectures = new Set([...proven.map(({ architecture }) => architecture), ...hung.keys()]);
    return [...architectures]
      .sort((a, b) => a - b)
      .map((architecture) => {
        const known = proven.find((each) => each.architecture === architecture);
        const worked = known === undefined ? null : { loader: known.loader, provenAt: iso(known.provenAt) };
        return { mac, architecture, proven: worked, hung: [...(hung.get(architecture) ?? [])] };
      });
  }

  return [
    defineRoute({
      method: 'get',
      path: '/machines/{name}/loaders',
      tag: 'Machines',
      summary: 'Boot loaders that worked or hung',
      access: 'read',
      params: nameParams,
      answers: { 200: { description: 'What is known.', schema: loadersSchema }, 404: notFound },
      async handle({ params }) {
        const { spec } = await machines.get(params.name);
        const items = [];
        for (const mac of spec.macs) items.push(...(await learntOf(mac)));
        return { status: 200, body: { ordered: spec.firmware?.loader ?? null, items } };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/machines/{name}/loaders',
      tag: 'Machines',
      summary: 'Forget what was learnt; the next boot begins with the first loader of the list',
      access: 'netboot.write',
      params: nameParams,
      answers: { 204: { description: 'Forgotten.' }, 404: notFound },
      async handle({ params, caller }) {
        const { id, spec } = await machines.get(params.name);
        const learnt = [];
        for (const mac of spec.macs) learnt.push(...(await learntOf(mac)));
        await loaderMemory.forget(spec.macs);
        loaderHangs?.forget(spec.macs);
        const proven = [...new Set(learnt.flatMap((each) => each.proven?.loader ?? []))];
        const hung = [...new Set(learnt.flatMap((each) => each.hung))];
        await timeline.append(id, [
          { type: 'loaders.forgotten', source: 'api', data: { actor: caller.name, proven, hung } },
        ]);
        return { status: 204 };
      },
    }),
  ];
}
