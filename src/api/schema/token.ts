import { z } from 'zod';
import { TOKEN_ROLES } from '../../domain/ports/tokens.ts';
import { PERMISSIONS, type Permission } from '../access.ts';
import { timestamp } from './common.ts';

const role = z
  .enum(TOKEN_ROLES)
  .describe(
    'viewer reads; operator also powers, rebuilds, cancels, changes hardware settings; unlocker also boots, unlocks, reboots, updates; admin all.',
  );

export const newTokenSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,62}$/, { error: 'must be 1 to 63 letters, digits, spaces and . _ @ -' })
    .describe('Who holds it; stands as actor beside every change. Unique.'),
  role,
});

export const tokenSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    role,
    createdAt: timestamp,
    lastUsedAt: timestamp.nullable().describe('To the minute.'),
  })
  .describe('A bearer token, without the token itself.');

export const createdTokenSchema = tokenSchema
  .extend({ token: z.string().describe('The token: shown this once, kept nowhere.') })
  .describe('A token just made.');

export const whoamiSchema = z.strictObject({
  name: z.string(),
  role,
  via: z.enum(['token', 'session']),
  permissions: z.array(z.enum(Object.keys(PERMISSIONS) as [Permission, ...Permission[]])),
});

export const sessionSchema = whoamiSchema.extend({ expiresAt: timestamp });

export type TokenBody = z.infer<typeof tokenSchema>;
export type CreatedTokenBody = z.infer<typeof createdTokenSchema>;
export type NewTokenBody = z.infer<typeof newTokenSchema>;
export type WhoamiBody = z.infer<typeof whoamiSchema>;
export type SessionBody = z.infer<typeof sessionSchema>;
