import { z } from 'zod';
import { seqQuery, timestamp } from './common.ts';

/** A place in a console: how many bytes came before it since the console was first recorded. */
const offset = z.int().min(0).describe("Bytes of the machine's console before this place.");

/** Query of the WebSocket. */
export const consoleQuery = z.strictObject({
  mode: z
    .enum(['view', 'write'])
    .default('view')
    .describe('view: only look; write: what is sent is typed. Default view.'),
  from: z
    .exactOptional(seqQuery)
    .describe('First byte wanted: where an earlier connection was. Default: the last screens.'),
});
export type ConsoleQueryBody = z.output<typeof consoleQuery>;

/** Text frames from the service; binary frames are output. */
export const consoleServerMessageSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('state'),
        line: z.enum(['connecting', 'connected', 'disconnected']),
        reason: z
          .exactOptional(z.enum(['stolen', 'occupied', 'lost', 'refused']))
          .describe('stolen, occupied: somebody else has the console; only `reconnect` with `steal` takes it.'),
        why: z.exactOptional(z.string()),
        retryMs: z
          .exactOptional(z.int().nullable())
          .describe('When it is tried again; null: only when somebody asks for it.'),
      })
      .describe('How the line to the machine is now; the first message, and whenever it changes.'),
    z
      .strictObject({ type: z.literal('offset'), offset })
      .describe('Place of the next byte, where it is not right behind the one before. Count on from here.'),
    z
      .strictObject({ type: z.literal('lost'), offset, why: z.string() })
      .describe('Output before this place is missing.'),
    z
      .strictObject({ type: z.literal('error'), code: z.string(), message: z.string() })
      .describe('What was sent was not done; the connection stays.'),
  ])
  .describe('A text frame from the service; binary frames are output of the machine.');
export type ConsoleServerMessageBody = z.infer<typeof consoleServerMessageSchema>;

/** Text frames to the service; binary frames are input. */
export const consoleClientMessageSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('break') }).describe('Sends a break.'),
    z
      .strictObject({ type: z.literal('reconnect'), steal: z.boolean().default(false) })
      .describe('Sets the line up anew; with `steal` it is taken from whoever has it.'),
  ])
  .describe('A text frame to the service, in mode write; binary frames are typed.');
export type ConsoleClientMessageBody = z.input<typeof consoleClientMessageSchema>;

export const reconnectSchema = z
  .strictObject({ steal: z.boolean().default(false).describe('Take the console from whoever has it. Default false.') })
  .describe('An order to set the console up anew.');

const runQuery = z
  .exactOptional(z.string().min(1).max(100))
  .describe('Only what came while this run was active, by id.');

export const consoleTextQuery = z.strictObject({
  from: seqQuery.default(0).describe('First byte. Default 0: the oldest that is kept.'),
  limit: z.coerce
    .number()
    .int()
    .min(16)
    .max(1024 * 1024)
    .default(64 * 1024)
    .describe('Bytes of text at most, 16 to 1048576. Default 65536.'),
  run: runQuery,
});

export const consoleSearchQuery = z.strictObject({
  text: z.string().min(1).max(200).describe('What a line must hold; case is ignored, control sequences are left out.'),
  limit: z.coerce.number().int().min(1).max(500).default(100).describe('Lines at most, 1 to 500. Default 100.'),
  run: runQuery,
});

const origin = { offset, at: timestamp, runId: z.string().nullable().describe('The run that was active then.') };

export const consolePageSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        ...origin,
        text: z.string().describe('UTF-8, control sequences included; what is none is shown as replaced.'),
        lost: z.string().nullable().describe('A mark: output before it is missing, and why. Its text is empty.'),
      }),
    ),
    next: z.int().describe('`from` of the next page; the same as before when there is no more yet.'),
    end: z.int().describe("Where the machine's console ends now."),
  })
  .describe('Stored console text, oldest first.');
export type ConsolePageBody = z.infer<typeof consolePageSchema>;

export const consoleMatchesSchema = z
  .strictObject({ items: z.array(z.strictObject({ ...origin, line: z.string() })) })
  .describe('Lines of stored console text, oldest first; a long line is cut around the match.');
export type ConsoleMatchesBody = z.infer<typeof consoleMatchesSchema>;
