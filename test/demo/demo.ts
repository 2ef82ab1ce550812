import { parseArgs } from 'node:util';
import { createApiClient, type ShownEvent } from '../support/api-client.ts';
import { startService } from '../support/service-process.ts';
import type { DemoStage } from './stage.ts';
import { printStageTimes, stageTimes } from './summary.ts';
import { createTimelinePrinter } from './timeline-printer.ts';

// npm run demo                  a real machine (QEMU) behind a real BMC simulator, from power-off to a verified new generation
// npm run demo -- --simulated   the same run on simulated machines, without QEMU, in seconds
// npm run demo -- --keep        leaves the service and its web page up, and says where

const { values } = parseArgs({
  options: {
    simulated: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    firmware: { type: 'string', default: 'bios' },
    flavour: { type: 'string', default: 'initramfs' },
  },
});
const print = (line: string): void => console.log(line);
const stop = new AbortController();
// Listens on, since the rig passes a signal on once it has cleaned up; whoever insists a third time ends it at once.
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (++signals > 2) process.exit(130);
    stop.abort(new Error(`ended by ${signal}`));
  });
}

try {
  process.exitCode = await demo();
} catch (error) {
  console.error(`demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function demo(): Promise<number> {
  await using stage = await setUp();
  const { machine } = stage;
  await using service = await startService({ configFile: stage.configFile, prefix: stage.prefix });
  if (service.token === undefined) throw new Error('the service printed no token at its first start');
  print(`service: ${service.url} (serving after ${Math.round(service.startMs)} ms); machine ${machine} is off`);
  const api = createApiClient(service.url, service.token);
  await stage.beforeUpdate?.();
  print(`one call: POST /api/v1/machines/${machine}/runs {"kind":"update"}\n`);
  const run = await api.place(machine, { kind: 'update' });
  const events: ShownEvent[] = [];
  const show = createTimelinePrinter(print);
  for await (const message of api.feed(run.id, stop.signal)) {
    if (message.event === 'end') break;
    // Messages about the run as a whole carry no number.
    if (!/^\d+$/.test(message.id)) continue;
    const event = JSON.parse(message.data) as ShownEvent;
    events.push(event);
    show(event);
  }
  const ended = await api.ended(run.id, 10_000);
  print(`\nrun ${ended.id}: ${ended.state}${ended.error === null ? '' : `: ${ended.error.message}`}`);
  if (ended.error !== null) print(`  ${JSON.stringify(ended.error.details ?? {})}\n  ${ended.error.hint ?? ''}`);
  print('seconds per stage:');
  printStageTimes(stageTimes(events), print);
  print(`power verbs the BMC executed: ${stage.powerVerbs().join(', ')}`);
  print(`memory of the service: ${Math.round(service.residentMb())} MB resident`);
  if (values.keep) {
    print(`\nkept up: ${service.url} (token: ${service.token}); Ctrl-C ends it and everything it started`);
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  return ended.state === 'succeeded' ? 0 : 1;
}

async function setUp(): Promise<DemoStage> {
  if (values.simulated) return await (await import('./simulated-stage.ts')).createSimulatedStage(values);
  return await (await import('./lab-stage.ts')).createLabStage(values, print, stop.signal);
}
