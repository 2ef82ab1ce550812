import type { SchemaModule } from 'kysely';

/** Uploaded assets with their labels, uploads that have begun, and the files of captured generations. */
export async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('assets')
    .addColumn('sha256', 'text', (c) => c.primaryKey())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('pinned', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema
    .createTable('asset_names')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('asset_names_by_asset').on('asset_names').column('sha256').execute();
  await schema
    .createTable('asset_uploads')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('touched_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema
    .createTable('captured_generations')
    .addColumn('machine_id', 'text', (c) => c.notNull())
    .addColumn('toplevel', 'text', (c) => c.notNull())
    .addColumn('kernel', 'text', (c) => c.notNull())
    .addColumn('initrds', 'text', (c) => c.notNull())
    .addColumn('command_line', 'text', (c) => c.notNull())
    .addColumn('captured_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('captured_generations_key', ['machine_id', 'toplevel'])
    .execute();
}
