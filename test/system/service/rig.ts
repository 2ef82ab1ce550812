import { afterAll } from 'vitest';
import { createApiClient, type ShownEvent, type ShownRun } from '../../support/api-client.ts';
import { type ServiceProcess, startService } from '../../support/service-process.ts';
import { createSimulatedSite, type SimulatedSite, type SiteOptions } from '../../support/simulated-site.ts';

/** A machine that boots in a second: enough for every phase to be seen, and to be hit by a kill. */
export const QUICK: NonNullable<SiteOptions['simulated']> = {
  timings: {
    ...{ postMs: 100, kernelMs: 100, promptMs: 50, kdfMs: 100, lingerMs: 50, stage2Ms: 100 },
    ...{ servicesMs: 100, sessionMs: 50, shutdownMs: 50, cycleMs: 50 },
  },
  rebuildMs: 200,
};

export type RigOptions = SiteOptions & {
  /** Beside PATH and HOME: what `env:` secrets refer to. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Last changes to the configuration before the service starts. */
  prepare?(site: SimulatedSite): void;
};

/** Simulated machines, and the real service before them as a process of its own. */
export type Rig = AsyncDisposable & {
  readonly site: SimulatedSite;
  readonly url: string;
  readonly token: string;
  readonly api: ReturnType<typeof createApiClient>;
  /** The process that runs now, or ran last. */
  service(): ServiceProcess;
  /** What all processes so far printed. */
  printed(): string;
  /** Starts it anew on the same data, after it was killed or stopped. */
  restart(): Promise<void>;
  /** Orders a run and waits for its end. */
  run(machine: string, request: object, limitMs?: number): Promise<ShownRun>;
  /** Every event of the machine. @throws Error when a number is missing or doubled */
  events(machine: string): Promise<ShownEvent[]>;
  /** A counter of /metrics, summed over the series that have all these labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Output of a step, as text. */
  output(runId: string): Promise<string>;
};

/** A test that runs out of time disposes of nothing; its machines and its service must not outlive the file all the same. */
const open = new Set<Rig>();
afterAll(async () => {
  await Promise.all([...open].map((rig) => rig[Symbol.asyncDispose]()));
});

export async function createRig({ environment = {}, prepare, ...options }: RigOptions = {}): Promise<Rig> {
  const site = await createSimulatedSite({ ...options, simulated: { ...QUICK, ...options.simulated } });
  prepare?.(site);
  const start = (): Promise<ServiceProcess> => startService({ configFile: site.configFile, environment });
  let service = await start().catch(async (error: unknown) => {
    await site[Symbol.asyncDispose]();
    throw error;
  });
  const earlier: ServiceProcess[] = [];
  const { token = '', url } = service;
  const api = createApiClient(url, token);
  const headers = { authorization: `Bearer ${token}` };
  const rig: Rig = {
    site,
    url,
    token,
    api,
    service: () => service,
    printed: () => [...earlier, service].map((each) => each.output()).join('\n'),
    async restart() {
      earlier.push(service);
      service = await start();
    },
    async run(machine, request, limitMs) {
      return api.ended((await api.place(machine, request)).id, limitMs);
    },
    async events(machine) {
      const events: ShownEvent[] = [];
      for (;;) {
        const path = `/machines/${machine}/events?after=${events.at(-1)?.seq ?? 0}&limit=1000`;
        const { items } = (await api.call('GET', path)).body as { items: ShownEvent[] };
        events.push(...items);
        if (items.length < 1000) break;
      }
      const wrong = events.findIndex(({ seq }, index) => seq !== index + 1);
      if (wrong >= 0) throw new Error(`event ${wrong + 1} of ${machine} has the number ${events[wrong]?.seq}`);
      return events;
    },
    async metric(name, labels = {}) {
      const text = await (await fetch(`${url}/metrics`)).text();
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((label) => line.includes(label)))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async output(runId) {
      const chunks: string[] = [];
      for (let from = 0; ; ) {
        const response = await fetch(`${url}/api/v1/runs/${runId}/output?from=${from}`, { headers });
        if (!response.ok) throw new Error(`output of ${runId}: ${response.status} ${await response.text()}`);
        chunks.push(await response.text());
        from = Number(response.headers.get('x-output-to'));
        if (from >= Number(response.headers.get('x-output-end'))) return chunks.join('');
      }
    },
    async [Symbol.asyncDispose]() {
      if (!open.delete(rig)) return;
      await service[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
    },
  };
  open.add(rig);
  return rig;
}

/** The only machine of a rig with one. */
export function onlyMachine({ site }: Rig) {
  const [racked] = site.machines;
  const [name] = site.names;
  if (racked === undefined || name === undefined) throw new Error('the site has no machine');
  return { ...racked, name };
}

/** Polls until it holds. @throws Error naming `what` when it does not within the limit */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
