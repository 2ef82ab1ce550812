import type { Call } from '../connection.ts';
import type { Context } from '../context.ts';

/** A controller with hundreds of sensors takes a minute when it is first asked for them; a busy one has others before us. */
const PATIENCE_MS = 300_000;

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
