import { readFeed, type SseMessage } from './sse-client.ts';

/** A run as the API shows it, as far as tests look at it. */
export type ShownRun = {
  readonly id: string;
  readonly state: string;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: Record<string, unknown>;
  } | null;
};

export type ShownEvent = {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  readonly stage: string | null;
  readonly source: string;
  readonly runId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
};

/** The REST API with a bearer token. */
export function createApiClient(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const call = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown; location: string | null }> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      location: response.headers.get('location'),
    };
  };
  const expectStatus = async <T>(method: string, path: string, status: number, body?: unknown): Promise<T> => {
    const answer = await call(method, path, body);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  };
  return {
    call,
    place: (machine: string, request: object) =>
      expectStatus<ShownRun>('POST', `/machines/${machine}/runs`, 202, request),
    run: (id: string) => expectStatus<ShownRun>('GET', `/runs/${id}`, 200),
    async events(runId: string): Promise<ShownEvent[]> {
      const events: ShownEvent[] = [];
      for (;;) {
        const after = events.at(-1)?.seq ?? 0;
        const page = await expectStatus<{ items: ShownEvent[] }>(
          'GET',
          `/runs/${runId}/events?after=${after}&limit=500`,
          200,
        );
        events.push(...page.items);
        if (page.items.length < 500) return events;
      }
    },
    /** A step's output as it is stored so far. */
    async output(runId: string, step: unknown): Promise<string> {
      let text = '';
      for (let from = 0; ; ) {
        const response = await fetch(`${url}/api/v1/runs/${runId}/output?step=${step}&from=${from}`, { headers });
        if (!response.ok) throw new Error(`output of run ${runId}: ${response.status} ${await response.text()}`);
        const part = await response.text();
        const to = Number(response.headers.get('x-output-to'));
        text += part;
        if (to <= from || to >= Number(response.headers.get('x-output-end'))) return text;
        from = to;
      }
    },
    feed: (runId: string, signal: AbortSignal): AsyncGenerator<SseMessage> =>
      readFeed(`${url}/api/v1/runs/${runId}/feed`, headers, signal),
    /** Polls until the run has ended. */
    async ended(runId: string, limitMs = 60_000): Promise<ShownRun> {
      const end = performance.now() + limitMs;
      for (;;) {
        const run = await this.run(runId);
        if (!['queued', 'running'].includes(run.state)) return run;
        if (performance.now() > end) throw new Error(`run ${runId} is still ${run.state} after ${limitMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

export type ApiClient = ReturnType<typeof createApiClient>;
