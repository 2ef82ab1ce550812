import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '../../../src/domain/event.ts';
import type { Machine, MachineSpec } from '../../../src/domain/machine.ts';
import type { Run } from '../../../src/domain/run.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import type { SqliteOptions } from '../../../src/store/sqlite.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';
import { SPEC } from '../../support/step-view.ts';

/** A fresh store for a test of the ports; a second database gets its own entry in {@link STORES}. */
export type StoreRig = AsyncDisposable & {
  readonly store: Store;
  readonly clock: ManualClock;
  machine(spec?: Partial<MachineSpec>): Promise<Machine>;
  order(machine: Machine, idempotencyKey?: string): Promise<Run>;
};

export type StoreKind = {
  readonly name: string;
  open(outputKeptBytes?: number, consoleKeptBytes?: number): Promise<StoreRig>;
};

/** Every implementation of the store; each suite beside this file runs over all. */
export const STORES: readonly StoreKind[] = [
  { name: 'SQLite', open: (...kept) => openSqliteRig({ path: ':memory:' }, ...kept) },
  { name: 'SQLite on disk with a writer thread', open: openOnDisk },
];

async function openOnDisk(...kept: Parameters<StoreKind['open']>): Promise<StoreRig> {
  const folder = mkdtempSync(join(tmpdir(), 'bootwright-contract-'));
  const rig = await openSqliteRig({ path: join(folder, 'store.db'), writerThread: 'always' }, ...kept);
  return {
    ...rig,
    async [Symbol.asyncDispose]() {
      await rig.store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function openSqliteRig(
  file: SqliteOptions,
  outputKeptBytes?: number,
  consoleKeptBytes?: number,
): Promise<StoreRig> {
  const clock = createManualClock();
  const options = {
    ...(outputKeptBytes === undefined ? {} : { outputKeptBytes }),
    ...(consoleKeptBytes === undefined ? {} : { consoleKeptBytes }),
  };
  const store = await openStore({ clock, entropy: systemEntropy, log: silentLog }, { ...file, ...options });
  return {
    store,
    clock,
    machine: (spec = {}) => store.machines.declare({ ...SPEC, ...spec }, 'api', 'tester'),
    order: (machine, idempotencyKey) =>
      store.runs.create({
        machineId: machine.id,
        request: { kind: 'boot' },
        plan: [
          { step: 'power-on', params: {}, deadlineMs: 60_000 },
          { step: 'system', params: { deep: [1, null, 'x'] }, deadlineMs: 60_000, rewind: { to: 0, rounds: 2 } },
        ],
        actor: 'tester',
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    [Symbol.asyncDispose]: () => store.close(),
  };
}

export const SERVED: NewEvent = { type: 'file.served', source: 'tftp', data: { name: 'undionly.kpxe' } };
