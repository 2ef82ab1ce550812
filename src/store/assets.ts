import type { Selectable } from 'kysely';
import type { AssetRecords, AssetUpload, CapturedGeneration, NewAsset, StoredAsset } from '../domain/ports/assets.ts';
import { NotFoundError } from '../foundation/errors.ts';
import { assetNeeds } from './asset-needs.ts';
import { fromColumn, toColumn } from './json-column.ts';
import type { AssetsTable, AssetUploadsTable, CapturedGenerationsTable } from './schema.ts';
import type { StoreContext, Tx } from './transaction.ts';

/** Assets, their labels, uploads and captured generations over their tables. */
export function createAssetRecords(context: StoreContext): AssetRecords {
  const { db, clock, newId } = context;

  async function find(sha256: string, tx?: Tx): Promise<StoredAsset | undefined> {
    const from = tx?.db ?? db;
    const row = await from.selectFrom('assets').selectAll().where('sha256', '=', sha256).executeTakeFirst();
    if (row === undefined) return undefined;
    const names = await from
      .selectFrom('asset_names')
      .select('name')
      .where('sha256', '=', sha256)
      .orderBy('name')
      .execute();
    return assetOf(
      row,
      names.map(({ name }) => name),
    );
  }

  async function put(tx: Tx, { sha256, bytes, name }: NewAsset): Promise<StoredAsset> {
    await tx.db
      .insertInto('assets')
      .values({ sha256, bytes, pinned: 0, created_at: tx.at, used_at: tx.at })
      .onConflict((conflict) => conflict.column('sha256').doUpdateSet({ used_at: tx.at }))
      .execute();
    if (name !== undefined) {
      await tx.db
        .insertInto('asset_names')
        .values({ name, sha256 })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ sha256 }))
        .execute();
    }
    return there(await find(sha256, tx), `asset ${sha256}`);
  }

  return {
    async list() {
      const rows = await db.selectFrom('assets').selectAll().orderBy('sha256').execute();
      const names = await db.selectFrom('asset_names').selectAll().orderBy('name').execute();
      const byAsset = Map.groupBy(names, ({ sha256 }) => sha256);
      return rows.map((row) =>
        assetOf(
          row,
          (byAsset.get(row.sha256) ?? []).map(({ name }) => name),
        ),
      );
    },
    find: (sha256) => find(sha256),
    async findByName(name) {
      const row = await db.selectFrom('asset_names').select('sha256').where('name', '=', name).executeTakeFirst();
      return row === undefined ? undefined : find(row.sha256);
    },
    put: (asset) => context.change((tx) => put(tx, asset)),
    async touch(sha256) {
      await db.updateTable('assets').set({ used_at: clock.now() }).where('sha256', '=', sha256).execute();
    },
    pin: (sha256, pinned) =>
      context.change(async (tx) => {
        await tx.db
          .updateTable('assets')
          .set({ pinned: pinned ? 1 : 0 })
          .where('sha256', '=', sha256)
          .execute();
        return there(await find(sha256, tx), `asset ${sha256}`);
      }),
    needs: () => assetNeeds(db, clock.now()),
    removeUnneeded: (sha256s, usedBefore) =>
      context.change(async (tx) => {
        const needs = await assetNeeds(tx.db, tx.at);
        const removed: string[] = [];
        for (const sha256 of sha256s) {
          if (needs.has(sha256)) continue;
          const row = await tx.db
            .deleteFrom('assets')
            .where('sha256', '=', sha256)
            .where('used_at', '<=', usedBefore)
            .returning('sha256')
            .executeTakeFirst();
          if (row === undefined) continue;
          await tx.db.deleteFrom('asset_names').where('sha256', '=', sha256).execute();
          removed.push(sha256);
        }
        return removed;
      }),
    async beginUpload({ sha256, bytes, name }) {
      const now = clock.now();
      const row = { id: newId(), sha256, bytes, name: name ?? null, created_at: now, touched_at: now };
      await db.insertInto('asset_uploads').values(row).execute();
      return uploadOf(row);
    },
    async findUpload(id) {
      const row = await db.selectFrom('asset_uploads').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : uploadOf(row);
    },
    uploads: async () => (await db.selectFrom('asset_uploads').selectAll().orderBy('id').execute()).map(uploadOf),
    async touchUpload(id) {
      await db.updateTable('asset_uploads').set({ touched_at: clock.now() }).where('id', '=', id).execute();
    },
    finishUpload: (id) =>
      context.change(async (tx) => {
        const row = await tx.db.deleteFrom('asset_uploads').where('id', '=', id).returningAll().executeTakeFirst();
        const { sha256, bytes, name } = there(row, `upload ${id}`);
        return put(tx, { sha256, bytes, ...(name === null ? {} : { name }) });
      }),
    async dropUpload(id) {
      await db.deleteFrom('asset_uploads').where('id', '=', id).execute();
    },
    capture: ({ machineId, toplevel, kernel, initrds, commandLine, capturedAt }) =>
      context.change(async (tx) => {
        const rest = { kernel, initrds: toColumn(initrds), command_line: commandLine, captured_at: capturedAt };
        await tx.db
          .insertInto('captured_generations')
          .values({ machine_id: machineId, toplevel, ...rest })
          .onConflict((conflict) => conflict.columns(['machine_id', 'toplevel']).doUpdateSet(rest))
          .execute();
      }),
    async captured(machineId) {
      const rows = await db
        .selectFrom('captured_generations')
        .selectAll()
        .where('machine_id', '=', machineId)
        .orderBy('captured_at')
        .execute();
      return rows.map(generationOf);
    },
  };
}

function there<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new NotFoundError(`there is no ${what}`);
  return value;
}

function assetOf(row: Selectable<AssetsTable>, names: readonly string[]): StoredAsset {
  const { sha256, bytes, pinned, created_at: createdAt, used_at: usedAt } = row;
  return { sha256, bytes, names, pinned: pinned === 1, createdAt, usedAt };
}

function uploadOf(row: Selectable<AssetUploadsTable>): AssetUpload {
  const { id, sha256, bytes, name, created_at: createdAt, touched_at: touchedAt } = row;
  return { id, sha256, bytes, name, createdAt, touchedAt };
}

function generationOf(row: Selectable<CapturedGenerationsTable>): CapturedGeneration {
  return {
    machineId: row.machine_id,
    toplevel: row.toplevel,
    kernel: row.kernel,
    initrds: fromColumn(row.initrds, 'initrds of a captured generation'),
    commandLine: row.command_line,
    capturedAt: row.captured_at,
  };
}
