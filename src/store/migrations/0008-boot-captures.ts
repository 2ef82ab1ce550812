import type { SchemaModule } from 'kysely';
import type { ColumnTypes } from '../dialect.ts';

/** What was seen of each boot attempt, what was found, and its last packets. */
export async function up(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('boot_captures')
    .addColumn('machine_id', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('round', 'integer', (c) => c.notNull())
    .addColumn('armed_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('packets', 'integer', (c) => c.notNull())
    .addColumn('evidence', 'text', (c) => c.notNull())
    .addColumn('findings', 'text', (c) => c.notNull())
    .addColumn('pcap', types.bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint('boot_captures_pk', ['machine_id', 'run_id', 'round'])
    .execute();
  await schema.createIndex('boot_captures_armed').on('boot_captures').column('armed_at').execute();
}
