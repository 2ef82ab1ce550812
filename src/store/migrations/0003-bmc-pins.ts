import type { SchemaModule } from 'kysely';

/** The cipher suite that each management controller has agreed to. */
export async function up(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('bmc_pins')
    .addColumn('bmc', 'text', (c) => c.primaryKey())
    .addColumn('cipher_suite', 'integer', (c) => c.notNull())
    .addColumn('agreed_at', 'bigint', (c) => c.notNull())
    .execute();
}
