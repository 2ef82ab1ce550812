import type { SchemaModule } from 'kysely';

/** The loader that worked, for each network card and firmware architecture. */
export async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('boot_loaders')
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('architecture', 'integer', (c) => c.notNull())
    .addColumn('loader', 'text', (c) => c.notNull())
    .addColumn('proven_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('boot_loaders_key', ['mac', 'architecture'])
    .execute();
}
