import type { SchemaModule } from 'kysely';
import type { ColumnTypes } from '../dialect.ts';

/** Text of machines' serial consoles, and how far each goes. */
export async function up(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('consoles')
    .addColumn('machine_id', 'text', (c) => c.primaryKey().references('machines.id'))
    .addColumn('end_byte', 'bigint', (c) => c.notNull())
    .addColumn('kept_bytes', 'bigint', (c) => c.notNull())
    .execute();
  await schema
    .createTable('console_chunks')
    .addColumn('machine_id', 'text', (c) => c.notNull().references('consoles.machine_id'))
    .addColumn('from_byte', 'bigint', (c) => c.notNull())
    .addColumn('part', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.references('runs.id'))
    .addColumn('bytes', types.bytes, (c) => c.notNull())
    .addColumn('lost', 'text')
    .addColumn('cost', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('console_chunks_pk', ['machine_id', 'from_byte', 'part'])
    .execute();
  await schema
    .createIndex('console_chunks_run')
    .on('console_chunks')
    .columns(['run_id', 'from_byte', 'part'])
    .execute();
}
