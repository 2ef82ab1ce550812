import type { RequestHandler } from 'express';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Machine, Stage } from '../domain/machine.ts';
import type { Clock } from '../foundation/clock.ts';
import type { CounterReading } from '../foundation/meter.ts';

const STAGES: readonly Stage[] = ['unknown', 'off', '0', '1', '2', '3', '4'];

export type Metrics = {
  /** Times every request by its route's pattern, never by its path, so that a remote cannot make up series. */
  readonly timeRequests: RequestHandler;
  /** Text for Prometheus. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
};

type Parts = {
  readonly clock: Clock;
  readonly meter: { readings(): readonly CounterReading[] };
  readonly machines: { list(): Promise<readonly Machine[]> };
};

/** Process, requests, machines by stage, and everything that the parts of the service count. */
export function createMetrics({ clock, meter, machines }: Parts): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'bootwright_http_request_seconds',
    help: 'Time from request to the end of its answer, without live feeds.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const stages = new Gauge({
    name: 'bootwright_machines',
    help: 'Machines by the stage they were last seen in.',
    labelNames: ['stage'] as const,
    registers: [registry],
  });
  return {
    timeRequests(request, response, next) {
      const started = clock.elapsed();
      response.on('finish', () => {
        const route: unknown = request.route?.path;
        const pattern = typeof route === 'string' ? route : 'none';
        if (pattern.endsWith('/feed')) return;
        const labels = { method: request.method, route: pattern, status: String(response.statusCode) };
        requests.observe(labels, (clock.elapsed() - started) / 1000);
      });
      next();
    },
    async render() {
      const counts = Map.groupBy(await machines.list(), ({ stage }) => stage);
      for (const stage of STAGES) stages.set({ stage }, counts.get(stage)?.length ?? 0);
      const all = Registry.merge([registry, countersOf(meter.readings())]);
      return { contentType: all.contentType, text: await all.metrics() };
    },
  };
}

/** The meter's readings as counters: `tftp.transfers` becomes `bootwright_tftp_transfers_total`. */
function countersOf(readings: readonly CounterReading[]): Registry {
  const registry = new Registry();
  for (const [name, group] of Map.groupBy(readings, (reading) => metricName(reading.name))) {
    const labelNames = [...new Set(group.flatMap(({ labels }) => Object.keys(labels).map(labelName)))];
    const help = `Counted by the service as ${group[0]?.name ?? name}.`;
    const counter = new Counter({ name, help, labelNames, registers: [registry] });
    for (const { labels, value } of group) {
      const named = Object.entries(labels).map(([label, text]) => [labelName(label), text]);
      counter.inc(Object.fromEntries(named), value);
    }
  }
  return registry;
}

function metricName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9]+/g, '_').toLowerCase();
  return `bootwright_${plain.replace(/_total$/, '')}_total`;
}

function labelName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=[0-9])/, '_');
}
