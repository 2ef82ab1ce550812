import type { Timeline } from '../../domain/ports/timeline.ts';

/** Records an order to set a console up anew, which may take it from somebody: first recorded, then done. */
export async function recordReconnect(
  timeline: Pick<Timeline, 'append'>,
  machineId: string,
  { actor, steal }: { readonly actor: string; readonly steal: boolean },
): Promise<void> {
  await timeline.append(machineId, [{ type: 'console.reconnect-ordered', source: 'api', data: { actor, steal } }]);
}
