import type { Selectable } from 'kysely';
import { armedBootData } from '../domain/armed-boot.ts';
import type { BootAttempt, BootAttempts } from '../domain/ports/netboot.ts';
import { type Entropy, randomId } from '../foundation/entropy.ts';
import { fromColumn, toColumn } from './json-column.ts';
import { preparedRead } from './prepared.ts';
import type { BootAttemptsTable } from './schema.ts';
import { appendEvents } from './timeline.ts';
import type { StoreContext, Tx } from './transaction.ts';

/** 32 characters of 5 bits: 160 bits. */
const TOKEN_LENGTH = 32;

/** Permissions to netboot. Events name the round and never the token, which is what opens the URLs. */
export function createBootAttempts(context: StoreContext, entropy: Entropy): BootAttempts {
  const { db, clock } = context;
  const armed = preparedRead<{ machine: string; now: number }, Selectable<BootAttemptsTable>>(context, (blank) =>
    db
      .selectFrom('boot_attempts')
      .selectAll()
      .where('machine_id', '=', blank('machine'))
      .where('ended_at', 'is', null)
      .where('expires_at', '>', blank('now')),
  );
  const byToken = preparedRead<{ token: string }, Selectable<BootAttemptsTable>>(context, (blank) =>
    db.selectFrom('boot_attempts').selectAll().where('token', '=', blank('token')),
  );
  return {
    arm: (order, lifetimeMs) =>
      context.change(async (tx) => {
        const { machineId, runId, round, boot } = order;
        const expiresAt = tx.at + lifetimeMs;
        await tx.db
          .updateTable('boot_attempts')
          .set({ ended_at: tx.at })
          .where('machine_id', '=', machineId)
          .where('ended_at', 'is', null)
          .execute();
        const row = await tx.db
          .insertInto('boot_attempts')
          .values({
            token: randomId(entropy, TOKEN_LENGTH),
            machine_id: machineId,
            run_id: runId,
            round,
            boot: toColumn(boot),
            created_at: tx.at,
            expires_at: expiresAt,
            ended_at: null,
          })
          // After a crash the step arms again: the same attempt, with its URLs, lives on.
          .onConflict((conflict) =>
            conflict.columns(['run_id', 'round']).doUpdateSet({ expires_at: expiresAt, ended_at: null }),
          )
          .returningAll()
          .executeTakeFirstOrThrow();
        const attempt = attemptOf(row);
        const data = { attempt: round, expiresAt, ...armedBootData(attempt.boot) };
        await appendEvents(tx, machineId, [{ type: 'boot.armed', source: 'step', runId, step: 'netboot', data }]);
        return attempt;
      }),

    disarm: (machineId, runId, why) => context.change((tx) => disarm(tx, machineId, runId, why)),

    async current(machineId) {
      const [row] = await armed({ machine: machineId, now: clock.now() });
      return row === undefined ? undefined : attemptOf(row);
    },

    async armed() {
      const rows = await db
        .selectFrom('boot_attempts')
        .selectAll()
        .where('ended_at', 'is', null)
        .where('expires_at', '>', clock.now())
        .execute();
      return rows.map(attemptOf);
    },

    async find(token) {
      const [row] = await byToken({ token });
      return row === undefined ? undefined : { ...attemptOf(row), ended: row.ended_at !== null };
    },
  };
}

async function disarm(tx: Tx, machineId: string, runId: string, why: string): Promise<void> {
  const ended = await tx.db
    .updateTable('boot_attempts')
    .set({ ended_at: tx.at })
    .where('machine_id', '=', machineId)
    .where('run_id', '=', runId)
    .where('ended_at', 'is', null)
    .returning('round')
    .executeTakeFirst();
  if (ended === undefined) return;
  const data = { attempt: ended.round, why };
  await appendEvents(tx, machineId, [{ type: 'boot.disarmed', source: 'step', runId, step: 'netboot', data }]);
}

function attemptOf(row: Selectable<BootAttemptsTable>): BootAttempt {
  return {
    token: row.token,
    machineId: row.machine_id,
    runId: row.run_id,
    round: row.round,
    boot: fromColumn(row.boot, 'netboot specification'),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
