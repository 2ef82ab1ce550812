import type { Call } from '../connection.ts';
import type { Context } from '../context.ts';

/** The service gives a list of a slow controller 300 s, and another request may come before ours. */
const PATIENCE_MS = 400_000;

/** Asks the controller of a machine through the service. @param what below the machine: `sensors?problems=true` */
export async function callBmc(
  { connection }: Context,
  method: Call['method'],
  name: string,
  what: string,
  body?: unknown,
): Promise<unknown> {
  return await connection.call({
    method,
    path: `/machines/${encodeURIComponent(name)}/${what}`,
    patienceMs: PATIENCE_MS,
    ...(body === undefined ? {} : { body }),
  });
}
