/** One message of a server-sent event stream. */
export type SseMessage = { readonly id: string; readonly event: string; readonly data: string };

/**
 * Reads a live feed until it ends or the signal fires.
 * @throws Error with status and body when the server does not answer 200
 */
export async function* readFeed(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<SseMessage> {
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal });
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end < 0) break;
      const message = parseMessage(text.slice(0, end));
      text = text.slice(end + 2);
      if (message !== undefined) yield message;
    }
  }
}

/** A block of `field: value` lines; comments (heartbeats) give nothing. */
function parseMessage(block: string): SseMessage | undefined {
  const fields = { id: '', event: 'message', data: [] as string[] };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (line.startsWith('data:')) fields.data.push(value);
    else if (line.startsWith('id:')) fields.id = value;
    else if (line.startsWith('event:')) fields.event = value;
  }
  return fields.data.length === 0 && fields.id === '' ? undefined : { ...fields, data: fields.data.join('\n') };
}
