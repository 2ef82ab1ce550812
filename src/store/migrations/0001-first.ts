import { type SchemaModule, sql } from 'kysely';
import type { ColumnTypes } from '../dialect.ts';

/** Every table of the first version. Times, event numbers and byte offsets are 64 bits wide on every database. */
export async function up(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await createMachines(schema);
  await createRuns(schema);
  await createOutputs(schema, types);
  await createNetboot(schema);
  await createTokens(schema);
}

async function createMachines(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('machines')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('stage_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seq', 'bigint', (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('removed_at', 'bigint')
    .execute();
  await schema
    .createIndex('machines_name')
    .unique()
    .on('machines')
    .column('name')
    .where(sql<boolean>`removed_at is null`)
    .execute();
  await schema
    .createTable('machine_macs')
    .addColumn('mac', 'text', (c) => c.primaryKey())
    .addColumn('machine_id', 'text', (c) => c.notNull().references('machines.id'))
    .execute();
  await schema.createIndex('machine_macs_machine').on('machine_macs').column('machine_id').execute();
  await schema
    .createTable('events')
    .addColumn('machine_id', 'text', (c) => c.notNull().references('machines.id'))
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text')
    .addColumn('step', 'text')
    .addColumn('stage', 'text')
    .addColumn('data', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('events_pk', ['machine_id', 'seq'])
    .execute();
  await schema.createIndex('events_run').on('events').columns(['run_id', 'seq']).execute();
}

async function createRuns(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('runs')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('machine_id', 'text', (c) => c.notNull().references('machines.id'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('plan', 'text', (c) => c.notNull())
    .addColumn('cursor', 'integer', (c) => c.notNull())
    .addColumn('round', 'integer', (c) => c.notNull())
    .addColumn('step_entered_at', 'bigint')
    .addColumn('step_deadline_at', 'bigint')
    .addColumn('entered_seq', 'bigint', (c) => c.notNull())
    .addColumn('results', 'text', (c) => c.notNull())
    .addColumn('error', 'text')
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('cancel_requested_at', 'bigint')
    .addColumn('owner', 'text')
    .addColumn('fence', 'integer', (c) => c.notNull())
    .addColumn('lease_until', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .execute();
  // The guarantee behind "at most one active run a machine"; every check in code is only there for the message.
  await schema
    .createIndex('runs_one_active')
    .unique()
    .on('runs')
    .column('machine_id')
    .where(sql<boolean>`state in ('queued', 'running')`)
    .execute();
  await schema.createIndex('runs_state').on('runs').columns(['state', 'id']).execute();
  await schema.createIndex('runs_machine').on('runs').columns(['machine_id', 'id']).execute();
  await schema
    .createTable('run_actions')
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('plan_index', 'integer', (c) => c.notNull())
    .addColumn('round', 'integer', (c) => c.notNull())
    .addColumn('label', 'text', (c) => c.notNull())
    .addColumn('attempt', 'integer', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('result', 'text')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('run_actions_pk', ['run_id', 'number'])
    .addUniqueConstraint('run_actions_attempt', ['run_id', 'plan_index', 'round', 'label', 'attempt'])
    .execute();
  await schema
    .createTable('idempotency_keys')
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_pk', ['actor', 'key'])
    .execute();
}

async function createOutputs(schema: SchemaModule, types: ColumnTypes): Promise<void> {
  await schema
    .createTable('run_outputs')
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
    .addColumn('plan_index', 'integer', (c) => c.notNull())
    .addColumn('end_byte', 'bigint', (c) => c.notNull())
    .addColumn('kept_byte', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('run_outputs_pk', ['run_id', 'plan_index'])
    .execute();
  await schema
    .createTable('run_output_chunks')
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('plan_index', 'integer', (c) => c.notNull())
    .addColumn('from_byte', 'bigint', (c) => c.notNull())
    .addColumn('bytes', types.bytes, (c) => c.notNull())
    .addPrimaryKeyConstraint('run_output_chunks_pk', ['run_id', 'plan_index', 'from_byte'])
    .addForeignKeyConstraint('run_output_chunks_output', ['run_id', 'plan_index'], 'run_outputs', [
      'run_id',
      'plan_index',
    ])
    .execute();
}

async function createNetboot(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('boot_attempts')
    .addColumn('token', 'text', (c) => c.primaryKey())
    .addColumn('machine_id', 'text', (c) => c.notNull().references('machines.id'))
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
    .addColumn('round', 'integer', (c) => c.notNull())
    .addColumn('boot', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addUniqueConstraint('boot_attempts_round', ['run_id', 'round'])
    .execute();
  await schema
    .createIndex('boot_attempts_armed')
    .unique()
    .on('boot_attempts')
    .column('machine_id')
    .where(sql<boolean>`ended_at is null`)
    .execute();
  await schema
    .createTable('dhcp_leases')
    .addColumn('address', 'text', (c) => c.primaryKey())
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .execute();
  await schema
    .createIndex('dhcp_leases_mac')
    .unique()
    .on('dhcp_leases')
    .column('mac')
    .where(sql<boolean>`state in ('offered', 'bound')`)
    .execute();
  await schema
    .createTable('generations')
    .addColumn('machine_id', 'text', (c) => c.notNull().references('machines.id'))
    .addColumn('toplevel', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.notNull().references('runs.id'))
    .addColumn('boot_id', 'text', (c) => c.notNull())
    .addColumn('proven_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('generations_pk', ['machine_id', 'run_id', 'toplevel'])
    .execute();
}

async function createTokens(schema: SchemaModule): Promise<void> {
  await schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .execute();
}
