import { z } from 'zod';
import { documentedObject } from './documented.ts';

// No message here repeats the text it refuses: it may be a passphrase that was written where its reference belongs.
const FORMS =
  'is not a secret reference: write env:NAME, file:/absolute/path, credential:NAME or command: [program, argument…]; a secret itself is never written here';

const command = documentedObject({
  command: z
    .array(z.string().min(1).max(4096).refine(hasNoNul, { error: 'holds a NUL byte' }))
    .min(1)
    .max(64)
    .describe('Program and arguments, run without a shell; its standard output is the secret.'),
});

/** Where a secret lives; see `domain/secret-ref.ts` for the forms. */
export const secretRef = z
  .union([z.string().refine(isTextForm, { error: FORMS }), command], {
    error: (issue) => (issue.code === 'invalid_union' ? FORMS : undefined),
  })
  .describe(
    'Where the secret lives: env:NAME, file:/path (refused when others may read it), credential:NAME (systemd), or {command: [program, arguments]}.',
  );

function isTextForm(text: string): boolean {
  if (/^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return true;
  if (/^credential:[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text)) return true;
  return /^file:\/[^\n]*$/.test(text) && hasNoNul(text);
}

function hasNoNul(text: string): boolean {
  return !text.includes('\0');
}
