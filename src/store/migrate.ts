import type { SchemaModule } from 'kysely';
import type { Clock } from '../foundation/clock.ts';
import { ConfigError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { ColumnTypes, OpenDatabase } from './dialect.ts';
import * as first from './migrations/0001-first.ts';
import * as consoleText from './migrations/0002-console-text.ts';
import * as bmcPins from './migrations/0003-bmc-pins.ts';
import * as bootLoaders from './migrations/0005-boot-loaders.ts';
import * as assets from './migrations/0006-assets.ts';
import * as discoveredMachines from './migrations/0007-discovered-machines.ts';
import * as bootCaptures from './migrations/0008-boot-captures.ts';

type Migration = { readonly up: (schema: SchemaModule, types: ColumnTypes) => Promise<void> };

/** In the order in which they are applied; a name, once released, never changes. */
const MIGRATIONS: readonly (readonly [name: string, migration: Migration])[] = [
  ['0001-first', first],
  ['0002-console-text', consoleText],
  ['0003-bmc-pins', bmcPins],
  ['0005-boot-loaders', bootLoaders],
  ['0006-assets', assets],
  ['0007-discovered-machines', discoveredMachines],
  ['0008-boot-captures', bootCaptures],
];

/**
 * Brings the tables up to date, each migration in its own transaction together with the note that it was applied.
 * @throws ConfigError when the database was written by a newer version of the service
 */
export async function migrate(
  { db, types }: Pick<OpenDatabase, 'db' | 'types'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('applied_at', 'bigint', (c) => c.notNull())
    .execute();
  const rows = await db.selectFrom('migrations').select('name').execute();
  const applied = new Set(rows.map((row) => row.name));
  const known = new Set(MIGRATIONS.map(([name]) => name));
  const unknown = [...applied].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw new ConfigError(
      `the database was written by a newer version (it has ${unknown.join(', ')}): start that version, or restore the backup from before the upgrade`,
      { details: { unknown } },
    );
  }
  for (const [name, migration] of MIGRATIONS) {
    if (applied.has(name)) continue;
    await db.transaction().execute(async (tx) => {
      await migration.up(tx.schema, types);
      await tx.insertInto('migrations').values({ name, applied_at: clock.now() }).execute();
    });
    log.info({ migration: name }, 'database migrated');
  }
}
