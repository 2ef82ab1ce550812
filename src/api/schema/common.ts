import { z } from 'zod';

/** Timestamps go out as ISO 8601 in UTC with milliseconds. */
export const timestamp = z.string().describe('ISO 8601, UTC: 2026-01-31T12:00:00.000Z');

const LARGEST_PAGE = 500;

/** Query of paged lists. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LARGEST_PAGE)
    .default(100)
    .describe('Items of a page, 1 to 500. Default 100.'),
  cursor: z.exactOptional(z.string().min(1).max(100)).describe('`next` of the page before. Absent: the first page.'),
});

/** A page: its items and where the next one begins. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null on the last one.'),
  });
}

/** A number of an event; query strings hold text. */
export const seqQuery = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const nameParams = z.strictObject({ name: z.string().min(1).max(100).describe("The machine's name or id.") });
export const idParams = z.strictObject({ id: z.string().min(1).max(100) });
