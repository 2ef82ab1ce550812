import { z } from 'zod';

/** Body of every error. @see RFC 9457 §3 */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('urn:bootwright:problem:CODE'),
    title: z.string().describe('What kind of problem, the same for each of its code.'),
    status: z.int(),
    code: z.string().describe('Stable; programs branch on it.'),
    detail: z.string().describe('What was tried, on what, what came back.'),
    instance: z.string().describe('Number of the request, as the log has it.'),
    hint: z.exactOptional(z.string()).describe('What can be done about it.'),
    details: z
      .exactOptional(z.record(z.string(), z.unknown()))
      .describe('More to show; `problems` lists all that is wrong with a request.'),
  })
  .describe('An error (RFC 9457).');

export type ProblemBody = z.infer<typeof problemSchema>;
