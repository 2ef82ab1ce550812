import type { ServerResponse } from 'node:http';
import type { Clock } from '../../foundation/clock.ts';
import type { Admitted } from './admission.ts';
import { type Body, sendPart } from './send-file.ts';

/** A receiver has this long for each piece; below about 8 KiB a second no boot comes to its end, but it keeps others out. */
const PATIENCE_MS = 120_000;
const LEAST_BYTES = 1024 * 1024;

/**
 * Sends a part of a body, and breaks off when the receiver is so slow that it only keeps a place. A receiver that takes nothing at
 * all is ended by the socket's idle time.
 * @param admitted the transfer's place, given back with what really left
 * @param last the machine needs no other file after it
 * @throws when it did not leave whole
 */
export async function transfer(
  { clock }: { readonly clock: Clock },
  response: ServerResponse,
  body: Body,
  { from, to }: { readonly from: number; readonly to: number },
  admitted: Admitted | undefined,
  last = false,
): Promise<void> {
  let sent = 0;
  // An abort makes an error with a stack, which small answers are spared.
  const over = to - from > LEAST_BYTES ? new AbortController() : undefined;
  const watching = over === undefined ? undefined : watch(over.signal);
  try {
    await sendPart(response, body, from, to, (bytes) => {
      sent += bytes;
    });
  } finally {
    admitted?.end(sent, last);
    over?.abort();
    await watching;
  }

  async function watch(signal: AbortSignal): Promise<void> {
    for (let before = sent; ; before = sent) {
      const woken = await clock.sleep(PATIENCE_MS, signal).then(
        () => true,
        () => false,
      );
      if (!woken) return;
      if (sent - before < LEAST_BYTES) return void response.destroy();
    }
  }
}
