import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http-error.ts';

/**
 * Lets only pages of ours open a WebSocket by cookie: browsers send the cookie along whoever asks, and WebSockets know no
 * same-origin policy but the header Origin.
 * @throws HttpError `origin-refused`
 * @see RFC 6455 §10.2
 */
export function requireSameOrigin({ headers: { origin, host } }: IncomingMessage): void {
  if (origin !== undefined && host !== undefined && URL.canParse(origin)) {
    const { protocol, host: asking } = new URL(origin);
    const asked = `${protocol}//${host}`;
    // Parsed alike, so that a default port named by one of them makes no difference.
    if (/^https?:$/.test(protocol) && URL.canParse(asked) && new URL(asked).host === asking) return;
  }
  throw new HttpError('origin-refused', 'a session cookie opens a console only from pages of this very service', {
    details: { hint: 'Programs send Authorization: Bearer; a proxy in front must pass Host on unchanged.' },
  });
}
