import { z } from 'zod';
import type { Token } from '../../domain/ports/tokens.ts';
import { ConflictError } from '../../foundation/errors.ts';
import type { ApiParts } from '../parts.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams } from '../schema/common.ts';
import { createdTokenSchema, newTokenSchema, type TokenBody, tokenSchema } from '../schema/token.ts';
import { hashOfToken, newTokenText } from '../token-text.ts';
import { iso, isoOrNull } from '../views/time.ts';

/** Bearer tokens. They belong to no machine, so their changes are in the log and not in a timeline. */
export function tokenRoutes({ tokens, entropy, log }: ApiParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/tokens',
      tag: 'Tokens',
      summary: 'All tokens, oldest first',
      access: 'token.manage',
      answers: {
        200: {
          description: 'The tokens, without the tokens themselves.',
          schema: z.strictObject({ items: z.array(tokenSchema), next: z.null() }),
        },
      },
      handle: async () => ({ status: 200, body: { items: (await tokens.list()).map(viewToken), next: null } }),
    }),
    defineRoute({
      method: 'post',
      path: '/tokens',
      tag: 'Tokens',
      summary: 'Make a token',
      access: 'token.manage',
      body: newTokenSchema,
      answers: {
        201: { description: 'Made; the token is shown this once.', schema: createdTokenSchema },
        409: { description: 'The name is taken.' },
      },
      async handle({ body, caller }) {
        if ((await tokens.list()).some(({ name }) => name === body.name)) {
          throw new ConflictError(`there is a token named ${body.name} already: names tell who did what`, {
            details: { name: body.name },
          });
        }
        const text = newTokenText(entropy);
        const token = await tokens.create({ ...body, hash: hashOfToken(text) });
        log.info({ actor: caller.name, token: token.name, role: token.role, tokenId: token.id }, 'token made');
        return { status: 201, headers: { Location: '/api/v1/tokens' }, body: { ...viewToken(token), token: text } };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/tokens/{id}',
      tag: 'Tokens',
      summary: 'Remove a token; its sessions and feeds end',
      access: 'token.manage',
      params: idParams,
      answers: {
        204: { description: 'Removed.' },
        404: { description: 'There is no such token.' },
        409: { description: "It is the last administrator's." },
      },
      async handle({ params, caller }) {
        const all = await tokens.list();
        const admins = all.filter(({ role }) => role === 'admin');
        if (admins.length === 1 && admins[0]?.id === params.id) {
          throw new ConflictError('this is the last token of an administrator: make another first', {
            details: { tokenId: params.id },
          });
        }
        await tokens.remove(params.id);
        const name = all.find(({ id }) => id === params.id)?.name ?? null;
        log.info({ actor: caller.name, token: name, tokenId: params.id }, 'token removed');
        return { status: 204 };
      },
    }),
  ];
}

function viewToken({ id, name, role, createdAt, lastUsedAt }: Token): TokenBody {
  return { id, name, role, createdAt: iso(createdAt), lastUsedAt: isoOrNull(lastUsedAt) };
}
