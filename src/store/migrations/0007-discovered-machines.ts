import type { SchemaModule } from 'kysely';

/** Machines that asked netboot and that nobody declared. */
export async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('discovered_machines')
    .addColumn('mac', 'text', (c) => c.primaryKey())
    .addColumn('facts', 'text', (c) => c.notNull())
    .addColumn('first_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('requests', 'bigint', (c) => c.notNull())
    .addColumn('boots', 'bigint', (c) => c.notNull())
    .addColumn('ignored_at', 'bigint')
    .execute();
  await schema.createIndex('discovered_machines_by_age').on('discovered_machines').column('last_seen_at').execute();
}
