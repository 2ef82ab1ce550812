import type { BootCapture } from '../../../src/domain/ports/boot-captures.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { type DhcpMessage, messageTypeOf } from '../../../src/protocols/dhcp/message.ts';
import { type DhcpPort, openDhcpPort } from '../../../src/simulator/pxe-client/exchange.ts';
import { clientMessage, type Speaker } from '../../../src/simulator/pxe-client/messages.ts';
import type { PxeClientOptions } from '../../../src/simulator/pxe-client/options.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';
import { readByTftp } from '../../../src/simulator/pxe-client/tftp-read.ts';
import { createLeapingClock } from '../../support/leaping-clock.ts';
import { memoryBootCaptures } from '../../support/netboot-ports.ts';
import { loopbackCorner, startNetboot, type TestNetbootOptions } from '../../support/netboot-service.ts';

export const client = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };
export const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';

/** The real listeners on loopback with the doctor, one armed machine, and that machine's network card. */
export async function startDoctorRig(net: number, options: Partial<TestNetbootOptions> = {}) {
  const corner = loopbackCorner(net);
  const clock = createLeapingClock();
  const captures = memoryBootCaptures();
  const netboot = await startNetboot({ corner, mode: 'full', clock, bootCaptures: captures, ...options });
  const attempt = netboot.arm(1);
  const card: PxeClientOptions = {
    ...{ mac: netboot.macOf(1), uuid: UUID, firmware: 'uefi', patienceMs: 100, tries: 3 },
    link: { kind: 'relay', server: corner.server, serverPort: netboot.bound.dhcp.port, relay: corner.relay },
    ports: { tftp: netboot.bound.tftp.port, proxy: netboot.bound.proxy.port },
  };
  const machineId = netboot.machines[0]?.id ?? '';

  async function ask(port: DhcpPort, speaker: Speaker, server?: string): Promise<DhcpMessage> {
    const discover = clientMessage(systemEntropy, card, { type: 'discover', speaker });
    const offer = await port.ask(discover, (answer) => messageTypeOf(answer) === 'offer', AbortSignal.timeout(5000));
    const parts = { type: 'request', speaker, requested: offer.yiaddr, server: server ?? corner.server } as const;
    const request = { ...clientMessage(systemEntropy, card, parts), xid: discover.xid };
    return port.ask(request, (answer) => messageTypeOf(answer) === 'ack', AbortSignal.timeout(5000));
  }

  return {
    ...{ corner, clock, captures, netboot, attempt, card, machineId },
    boot: (more: Partial<PxeClientOptions> = {}) =>
      createPxeClient(client, { ...card, patienceMs: 1000, tries: 4, ...more }).boot(AbortSignal.timeout(30_000)),
    /** Goes through DHCP and stops there. @param server whose offer is taken */
    async configure(speaker: Speaker, server?: string): Promise<void> {
      await using port = await openDhcpPort(client, card, AbortSignal.timeout(5000));
      await ask(port, speaker, server);
    },
    /** Asks and takes nothing. */
    async discoverOnly(speaker: Speaker): Promise<void> {
      await using port = await openDhcpPort(client, card, AbortSignal.timeout(5000));
      const discover = clientMessage(systemEntropy, card, { type: 'discover', speaker });
      await port.ask(discover, () => false, AbortSignal.timeout(5000)).catch(() => undefined);
    },
    readByTftp: (order: { readonly probe: boolean; readonly filename: string }) =>
      readByTftp(
        client,
        card,
        {
          ...{ from: corner.machine(1), server: corner.server, ...order },
          options: [
            { name: 'tsize', value: '0' },
            { name: 'blksize', value: '1468' },
          ],
        },
        AbortSignal.timeout(5000),
      ),
    /** Codes of the findings told in the timeline so far. */
    told: (): unknown[] =>
      netboot.timeline.events.filter(({ type }) => type === 'boot.diagnosed').map(({ data }) => data.code),
    recovered: (): unknown[] =>
      netboot.timeline.events.filter(({ type }) => type === 'boot.recovered').map(({ data }) => data.code),
    /** Lets the doctor look: it learns of a new attempt within a second, and judges twice a second. */
    async later(ms: number): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 1100));
      clock.leap(ms);
      await new Promise((resolve) => setTimeout(resolve, 1100));
    },
    capture: (): BootCapture | undefined => captures.kept.at(-1),
    [Symbol.asyncDispose]: () => netboot[Symbol.asyncDispose](),
  };
}
