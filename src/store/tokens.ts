import type { Selectable } from 'kysely';
import type { Token, Tokens } from '../domain/ports/tokens.ts';
import { ConflictError, InvalidRequestError, NotFoundError } from '../foundation/errors.ts';
import type { TokensTable } from './schema.ts';
import type { StoreContext } from './transaction.ts';

const SHA256_HEX = /^[0-9a-f]{64}$/;
/** A busy client must not cost a write for each of its requests. */
const TOUCH_EVERY_MS = 60_000;

/** API tokens by their hash; the token itself never comes here. */
export function createTokens(context: StoreContext): Tokens {
  const { db, clock, newId } = context;
  return {
    create: ({ name, role, hash }) =>
      context.change(async (tx) => {
        if (!SHA256_HEX.test(hash)) {
          throw new InvalidRequestError(`create token ${name}: its hash is not a SHA-256 in 64 hexadecimal digits`);
        }
        const row = await tx.db
          .insertInto('tokens')
          .values({ id: newId(), name, role, hash, created_at: tx.at, last_used_at: null })
          .onConflict((conflict) => conflict.column('hash').doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw new ConflictError(`create token ${name}: the same token exists already`);
        return tokenOf(row);
      }),

    async findByHash(hash) {
      const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row === undefined ? undefined : tokenOf(row);
    },

    async touch(id) {
      const row = await db.selectFrom('tokens').select('last_used_at').where('id', '=', id).executeTakeFirst();
      const now = clock.now();
      if (row === undefined || (row.last_used_at !== null && now - row.last_used_at < TOUCH_EVERY_MS)) return;
      await db.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id).execute();
    },

    async list() {
      const rows = await db.selectFrom('tokens').selectAll().orderBy('id').execute();
      return rows.map(tokenOf);
    },

    async remove(id) {
      const gone = await db.deleteFrom('tokens').where('id', '=', id).returning('id').executeTakeFirst();
      if (gone === undefined) throw new NotFoundError(`there is no token ${id}`);
    },
  };
}

function tokenOf(row: Selectable<TokensTable>): Token {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    hash: row.hash,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}
