import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { type Entropy, fraction } from '../../foundation/entropy.ts';
import { DeadlineError, DecodeError, UnreachableError } from '../../foundation/errors.ts';
import type { Udp, UdpPeer } from '../../foundation/udp.ts';
import { LIMITED_BROADCAST, NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import {
  BOOTREPLY,
  BROADCAST_FLAG,
  type DhcpMessage,
  decodeDhcpMessage,
  encodeDhcpMessage,
} from '../../protocols/dhcp/message.ts';
import type { PxeClientOptions } from './options.ts';

export type ExchangeDeps = { readonly udp: Udp; readonly clock: Clock; readonly entropy: Entropy };

/** A place to send DHCP messages from and to hear the answers at. */
export type DhcpPort = AsyncDisposable & {
  /**
   * Sends until an answer with the same transaction id passes `accept`.
   * @throws UnreachableError when none came within all tries
   */
  ask(
    message: DhcpMessage,
    accept: (answer: DhcpMessage, from: UdpPeer) => boolean,
    signal: AbortSignal,
  ): Promise<DhcpMessage>;
};

/** Opens the client's side of DHCP: as a relay would pass it on, or on the segment itself. */
export async function openDhcpPort(
  deps: ExchangeDeps,
  options: PxeClientOptions,
  signal: AbortSignal,
): Promise<DhcpPort> {
  const { link } = options;
  if (link.kind === 'relay') {
    const to = { address: link.server, port: link.serverPort };
    const binding = { address: link.relay, port: link.serverPort, reuseAddress: true };
    // RFC 1542 §4.1.1: the relay names its own address and counts itself.
    return open(deps, options, binding, to, (message) => ({ ...message, giaddr: link.relay, hops: 1 }), signal);
  }
  const to = { address: LIMITED_BROADCAST, port: link.serverPort ?? 67 };
  const binding = { address: NO_ADDRESS, port: link.clientPort ?? 68, broadcast: true, reuseAddress: true };
  return open(deps, options, binding, to, (message) => ({ ...message, flags: BROADCAST_FLAG }), signal);
}

/** The client's side of the PXE boot server, from an address it has. */
export async function openBootServerPort(
  deps: ExchangeDeps,
  options: PxeClientOptions,
  address: string,
  server: string,
  signal: AbortSignal,
): Promise<DhcpPort> {
  // EDK2 asks from port 4011, ROMs from 68; the answer must come back to whichever it was.
  const binding = { address, port: 0 };
  return open(
    deps,
    options,
    binding,
    { address: server, port: options.ports?.proxy ?? 4011 },
    (message) => message,
    signal,
  );
}

async function open(
  { udp, clock, entropy }: ExchangeDeps,
  options: PxeClientOptions,
  binding: Parameters<Udp['bind']>[0],
  to: UdpPeer,
  dress: (message: DhcpMessage) => DhcpMessage,
  opening: AbortSignal,
): Promise<DhcpPort> {
  const { patienceMs = 1000, tries = 4, faults = {} } = options;
  let hear: (answer: DhcpMessage, from: UdpPeer) => void = () => undefined;
  const socket = await udp.bind(
    binding,
    (data, from) => {
      const answer = decoded(data);
      if (answer?.op === BOOTREPLY) hear(answer, from);
    },
    opening,
  );

  async function send(message: DhcpMessage): Promise<void> {
    if (faults.malformed === true) await socket.send(entropy.bytes(120), to);
    if (faults.loss !== undefined && fraction(entropy) < faults.loss) return;
    await socket.send(encodeDhcpMessage(dress(message)), to);
  }

  return {
    async ask(message, accept, signal) {
      const { promise, resolve } = Promise.withResolvers<DhcpMessage>();
      hear = (answer, from) => {
        if (answer.xid === message.xid && answer.chaddr.equals(message.chaddr) && accept(answer, from)) resolve(answer);
      };
      for (let attempt = 0; attempt < tries; attempt++) {
        await send(message);
        const answer = await waitFor(clock, promise, patienceMs * 2 ** attempt, signal);
        if (answer !== undefined) return answer;
      }
      throw new UnreachableError(`DHCP to ${to.address}:${to.port}: no answer for ${options.mac} to ${tries} messages`);
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

/** The promise's value, or undefined when the time passes first. */
export async function waitFor<T>(
  clock: Clock,
  promise: Promise<T>,
  ms: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await withDeadline(clock, ms, signal, 'wait for an answer', (within) => {
      const { promise: over, reject } = Promise.withResolvers<never>();
      within.addEventListener('abort', () => reject(within.reason), { once: true });
      return Promise.race([promise, over]);
    });
  } catch (error) {
    if (error instanceof DeadlineError) return undefined;
    throw error;
  }
}

/** Firmware drops what it cannot read and waits on. */
function decoded(data: Buffer): DhcpMessage | undefined {
  try {
    return decodeDhcpMessage(data);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
