import type { RunBody, RunRequestBody } from '../../api/schema/run.ts';
import { call } from '../api/client.ts';

/** 128 bits; `crypto.randomUUID` is missing on pages over plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Orders a run.
 * @param key the same for repeats of the same order: a lost answer then never makes two runs
 * @throws ApiProblem, ConnectionProblem
 */
export async function placeOrder(machine: string, body: RunRequestBody, key: string): Promise<RunBody> {
  return await call<RunBody>('POST', `/machines/${encodeURIComponent(machine)}/runs`, {
    body,
    headers: { 'Idempotency-Key': key },
  });
}
