import type { DiscoveredMachines } from '../../domain/ports/discovered-machines.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { DiscoveredSummaryBody } from '../schema/discovered.ts';
import { isoOrNull } from '../views/time.ts';
import type { EventStream } from './event-stream.ts';
import { createWakeUp } from './wake-up.ts';

/** The net under lost wake-ups, milliseconds; what machines of another process were written it finds too. */
const POLL_MS = 2000;

/** Tells a client whenever the list of discovered machines is worth reading again; never the list, which a flood makes long. */
export async function followDiscovered(
  client: EventStream,
  discovered: Pick<DiscoveredMachines, 'summary' | 'onChange'>,
  clock: Clock,
): Promise<void> {
  const changes = { onChange: (wake: (id: string) => void) => discovered.onChange(() => wake('')) };
  using wakeUp = createWakeUp(changes, clock, () => true);
  let told = '';
  for (;;) {
    const { shown, ignored, lastSeenAt } = await discovered.summary();
    const data: DiscoveredSummaryBody = { shown, ignored, lastSeenAt: isoOrNull(lastSeenAt) };
    const text = JSON.stringify(data);
    if (text !== told) await client.send({ event: 'discovered', data });
    told = text;
    await wakeUp.wait(POLL_MS, client.signal);
  }
}
