import type { Kysely } from 'kysely';
import { type ArmedBoot, assetNamesOf } from '../domain/armed-boot.ts';
import type { MachineSpec, NetbootSpec } from '../domain/machine.ts';
import type { AssetNeed } from '../domain/ports/assets.ts';
import { ACTIVE_RUN_STATES } from '../domain/run.ts';
import { fromColumn } from './json-column.ts';
import type { Database } from './schema.ts';

/**
 * What must stay, by SHA-256, with every reason: explicit pins, what machines are declared to boot, attempts that are armed or whose run is
 * active, files of generations that proved themselves, and what is being uploaded.
 */
export async function assetNeeds(
  db: Kysely<Database>,
  now: number,
): Promise<ReadonlyMap<string, ReadonlySet<AssetNeed>>> {
  const needs = new Map<string, Set<AssetNeed>>();
  const need = (sha256: string, why: AssetNeed): void => {
    needs.set(sha256, (needs.get(sha256) ?? new Set()).add(why));
  };
  const labels = new Map(
    (await db.selectFrom('asset_names').selectAll().execute()).map(({ name, sha256 }) => [name, sha256]),
  );
  const needName = (name: string, why: AssetNeed): void => {
    const sha256 = name.startsWith('sha256:') ? name.slice('sha256:'.length) : labels.get(name);
    if (sha256 !== undefined) need(sha256, why);
  };

  for (const { sha256 } of await db.selectFrom('assets').select('sha256').where('pinned', '=', 1).execute())
    need(sha256, 'pinned');
  for (const { sha256 } of await db.selectFrom('asset_uploads').select('sha256').execute()) need(sha256, 'uploading');

  const machines = await db.selectFrom('machines').select(['id', 'spec']).where('removed_at', 'is', null).execute();
  for (const { spec } of machines) {
    const { netboot } = fromColumn<MachineSpec>(spec, 'machine');
    for (const name of declaredNames(netboot)) needName(name, 'declared');
  }

  const attempts = await db
    .selectFrom('boot_attempts')
    .innerJoin('runs', 'runs.id', 'boot_attempts.run_id')
    .select('boot_attempts.boot')
    .where((each) =>
      each.or([
        each.and([each('boot_attempts.ended_at', 'is', null), each('boot_attempts.expires_at', '>', now)]),
        each('runs.state', 'in', [...ACTIVE_RUN_STATES]),
      ]),
    )
    .execute();
  for (const { boot } of attempts)
    for (const name of assetNamesOf(fromColumn<ArmedBoot>(boot, 'armed boot'))) needName(name, 'armed');

  const proven = await db
    .selectFrom('captured_generations as captured')
    .innerJoin('generations as proven', (join) =>
      join.onRef('proven.machine_id', '=', 'captured.machine_id').onRef('proven.toplevel', '=', 'captured.toplevel'),
    )
    .innerJoin('machines', 'machines.id', 'captured.machine_id')
    .select(['captured.kernel', 'captured.initrds'])
    .where('machines.removed_at', 'is', null)
    .execute();
  for (const { kernel, initrds } of proven) {
    need(kernel, 'proven');
    for (const initrd of fromColumn<string[]>(initrds, 'initrds of a captured generation')) need(initrd, 'proven');
  }

  // A machine that is declared to boot a generation needs the one it would boot, proven or not.
  for (const { id, spec } of machines) {
    const { netboot } = fromColumn<MachineSpec>(spec, 'machine');
    if (netboot === undefined || !('generation' in netboot)) continue;
    let captured = db.selectFrom('captured_generations').select(['kernel', 'initrds']).where('machine_id', '=', id);
    if (netboot.generation !== 'current') captured = captured.where('toplevel', '=', netboot.generation);
    const newest = await captured.orderBy('captured_at', 'desc').limit(1).executeTakeFirst();
    if (newest === undefined) continue;
    need(newest.kernel, 'declared');
    for (const initrd of fromColumn<string[]>(newest.initrds, 'initrds of a captured generation'))
      need(initrd, 'declared');
  }
  return needs;
}

function declaredNames(netboot: NetbootSpec | undefined): readonly string[] {
  if (netboot === undefined || 'localDisk' in netboot || 'generation' in netboot) return [];
  if ('rescue' in netboot) return [netboot.rescue.kernel, ...netboot.rescue.initrds];
  if ('kernel' in netboot) return [netboot.kernel, ...netboot.initrds];
  const { script, files = [] } = netboot;
  return typeof script === 'string' ? files : [script.asset, ...files];
}
