import type { Kysely, RawBuilder } from 'kysely';
import type { Machine, MachineSpec } from '../domain/machine.ts';
import type { Machines } from '../domain/ports/machines.ts';
import { ConflictError, NotFoundError } from '../foundation/errors.ts';
import { canonicalJson, type Json } from '../foundation/json.ts';
import { dropDiscovered } from './discovered-machines.ts';
import { fromColumn, toColumn } from './json-column.ts';
import { preparedRead } from './prepared.ts';
import type { Database, MachinesTable } from './schema.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext, Tx } from './transaction.ts';

/** The inventory over the machines table; specifications hold references to secrets only. */
export function createMachines(context: StoreContext): Machines {
  const { db } = context;
  // Asked for each boot file that is served, and for each DHCP client once a second.
  const byName = preparedRead<{ named: string }, MachinesTableRow>(context, (blank) =>
    present(db, 'name', blank('named')),
  );
  const byId = preparedRead<{ named: string }, MachinesTableRow>(context, (blank) => present(db, 'id', blank('named')));
  const byMac = preparedRead<{ mac: string }, MachinesTableRow>(context, (blank) =>
    db
      .selectFrom('machine_macs')
      .innerJoin('machines', 'machines.id', 'machine_macs.machine_id')
      .selectAll('machines')
      .where('machine_macs.mac', '=', blank('mac')),
  );
  return {
    async list() {
      const rows = await db
        .selectFrom('machines')
        .selectAll()
        .where('removed_at', 'is', null)
        .orderBy('name')
        .execute();
      return rows.map(machineOf);
    },

    async get(nameOrId) {
      const [row] = await (columnOf(nameOrId) === 'id' ? byId : byName)({ named: nameOrId });
      return machineOf(row ?? notThere(nameOrId));
    },

    async findByMac(mac) {
      const [row] = await byMac({ mac: mac.toLowerCase() });
      return row === undefined ? undefined : machineOf(row);
    },

    declare: (spec, source, actor) =>
      context.change(async (tx) => {
        await refuseTaken(tx, spec, undefined);
        const row: MachinesTableRow = {
          // The underscore keeps identifiers apart from names, which cannot hold one.
          id: `m_${context.newId()}`,
          name: spec.name,
          spec: toColumn(spec),
          source,
          stage: 'unknown',
          stage_at: tx.at,
          last_seq: 0,
          created_at: tx.at,
          updated_at: tx.at,
          removed_at: null,
        };
        await tx.db.insertInto('machines').values(row).execute();
        const discovered = await putMacs(tx, row.id, spec.macs);
        const seenBefore = discovered.length === 0 ? {} : { discovered: [...discovered] };
        const data = { actor, fields: Object.keys(spec).sort(), ...seenBefore };
        await appendEvents(tx, row.id, [{ type: 'machine.declared', source: source, data }]);
        return machineOf({ ...row, last_seq: 1 });
      }),

    change: (nameOrId, spec, source, actor) =>
      context.change(async (tx) => {
        const before = machineOf(await find(tx, nameOrId));
        if (before.source === 'config' && source === 'api') {
          throw new ConflictError(
            `machine ${before.spec.name} is declared in the configuration file: change it there`,
            { details: { machine: before.spec.name } },
          );
        }
        const fields = changedFields(before.spec, spec);
        if (fields.length === 0 && before.source === source) return before;
        await refuseTaken(tx, spec, before.id);
        // Events first: they lock the row, and fail when the machine was removed meanwhile.
        await appendEvents(tx, before.id, [{ type: 'machine.changed', source: source, data: { actor, fields } }]);
        const row = await tx.db
          .updateTable('machines')
          .set({ name: spec.name, spec: toColumn(spec), source, updated_at: tx.at })
          .where('id', '=', before.id)
          .returningAll()
          .executeTakeFirstOrThrow();
        await tx.db.deleteFrom('machine_macs').where('machine_id', '=', before.id).execute();
        await putMacs(tx, before.id, spec.macs);
        return machineOf(row);
      }),

    remove: (nameOrId, actor) =>
      context.change(async (tx) => {
        const machine = machineOf(await find(tx, nameOrId));
        await appendEvents(tx, machine.id, [{ type: 'machine.removed', source: machine.source, data: { actor } }]);
        const active = await tx.db
          .selectFrom('runs')
          .select(['id', 'kind'])
          .where('machine_id', '=', machine.id)
          .where('state', 'in', ['queued', 'running'])
          .executeTakeFirst();
        if (active !== undefined) {
          throw new ConflictError(
            `remove machine ${machine.spec.name}: its ${active.kind} run ${active.id} is active; cancel it or wait for its end`,
            { details: { machine: machine.spec.name, runId: active.id, kind: active.kind } },
          );
        }
        await tx.db.deleteFrom('machine_macs').where('machine_id', '=', machine.id).execute();
        await tx.db.updateTable('machines').set({ removed_at: tx.at }).where('id', '=', machine.id).execute();
      }),
  };
}

type MachinesTableRow = Omit<MachinesTable, 'last_seq'> & { readonly last_seq: number };

async function find({ db }: Tx, nameOrId: string): Promise<MachinesTableRow> {
  return (await present(db, columnOf(nameOrId), nameOrId).executeTakeFirst()) ?? notThere(nameOrId);
}

/** Asked for either at once, SQLite reads the names of all machines. */
const columnOf = (nameOrId: string): 'id' | 'name' => (nameOrId.includes('_') ? 'id' : 'name');

function present(db: Kysely<Database>, column: 'id' | 'name', value: string | RawBuilder<string>) {
  return db.selectFrom('machines').selectAll().where(column, '=', value).where('removed_at', 'is', null);
}

function notThere(nameOrId: string): never {
  throw new NotFoundError(`there is no machine ${nameOrId}`, { details: { machine: nameOrId } });
}

async function refuseTaken(tx: Tx, spec: MachineSpec, ownId: string | undefined): Promise<void> {
  const namesake = await tx.db
    .selectFrom('machines')
    .select('id')
    .where('name', '=', spec.name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (namesake !== undefined && namesake.id !== ownId) {
    throw new ConflictError(`the name ${spec.name} is taken by another machine`, { details: { machine: spec.name } });
  }
  const macs = lowerCase(spec.macs);
  if (macs.length === 0) return;
  const owners = await tx.db
    .selectFrom('machine_macs')
    .innerJoin('machines', 'machines.id', 'machine_macs.machine_id')
    .select(['machine_macs.mac', 'machines.id', 'machines.name'])
    .where('machine_macs.mac', 'in', macs)
    .execute();
  const taken = owners.find((owner) => owner.id !== ownId);
  if (taken === undefined) return;
  throw new ConflictError(`the MAC address ${taken.mac} of ${spec.name} belongs to machine ${taken.name}`, {
    details: { machine: spec.name, mac: taken.mac, owner: taken.name },
  });
}

/** @returns those that were known as a discovered machine's, which they are no more */
async function putMacs(tx: Tx, machineId: string, macs: readonly string[]): Promise<readonly string[]> {
  const rows = lowerCase(macs).map((mac) => ({ mac, machine_id: machineId }));
  if (rows.length === 0) return [];
  await tx.db.insertInto('machine_macs').values(rows).execute();
  return dropDiscovered(tx, lowerCase(macs));
}

function lowerCase(macs: readonly string[]): string[] {
  return [...new Set(macs.map((mac) => mac.toLowerCase()))];
}

function changedFields(before: MachineSpec, after: MachineSpec): string[] {
  const text = (spec: MachineSpec): Map<string, string> => {
    const plain = fromColumn<Record<string, Json>>(toColumn(spec), 'machine');
    return new Map(Object.entries(plain).map(([field, value]) => [field, canonicalJson(value)]));
  };
  const [old, now] = [text(before), text(after)];
  const fields = new Set([...old.keys(), ...now.keys()]);
  return [...fields].filter((field) => old.get(field) !== now.get(field)).sort();
}

function machineOf(row: MachinesTableRow): Machine {
  return {
    id: row.id,
    spec: fromColumn(row.spec, 'machine'),
    source: row.source,
    stage: row.stage,
    stageAt: row.stage_at,
    lastSeq: row.last_seq,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
