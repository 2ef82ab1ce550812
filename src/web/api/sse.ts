/** One message of a server-sent event stream. `id` is that of the last message that had one. */
export type SseMessage = { readonly id: string; readonly event: string; readonly data: string };

/**
 * Parses a stream that comes in pieces. EventSource is not used: it tells neither why it was refused nor when the
 * connection is dead, and must know the name of every event beforehand.
 * @param hear called for each whole message; one that was cut off by the end of the stream is never told
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function createSseParser(hear: (message: SseMessage) => void): (text: string) => void {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) hear({ id, event: event === '' ? 'message' : event, data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id') id = value;
  };

  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) line(each.endsWith('\r') ? each.slice(0, -1) : each);
  };
}
