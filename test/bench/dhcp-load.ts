import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { type DhcpMessage, decodeDhcpMessage, encodeDhcpMessage } from '../../src/protocols/dhcp/message.ts';
import { addressesValue, addressOption, u8Option } from '../../src/protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../src/protocols/dhcp/options.ts';

/** What the load does: every client once, as a relay would bring them, `window` exchanges at a time. */
export type DhcpLoad = {
  readonly server: string;
  readonly port: number;
  readonly relay: string;
  readonly clients: number;
  readonly window: number;
  /** First byte-pair of the clients' MAC addresses, so that two loads differ. */
  readonly prefix: string;
};
export type DhcpLoadResult = { readonly tookMs: number; readonly done: number; readonly resent: number };

/** The MAC address of client `n` as an even number of hexadecimal digits. */
export const loadMac = (prefix: string, n: number): string => `${prefix}${n.toString(16).padStart(8, '0')}`;

const RESEND_MS = 1000;

// A thread of its own: the server's thread is what is measured. Nothing starts when it is only imported.
if (parentPort !== null) run(workerData as DhcpLoad, (result) => parentPort?.postMessage(result));

function run(load: DhcpLoad, done: (result: DhcpLoadResult) => void): void {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const waiting = new Map<number, { data: Buffer; at: number }>();
  let [next, finished, resent] = [0, 0, 0];
  const send = (n: number, data: Buffer): void => {
    waiting.set(n, { data, at: performance.now() });
    socket.send(data, load.port, load.server);
  };
  const start = (): void => {
    if (next < load.clients) send(next, message(load, next++, 1, []));
  };
  socket.on('message', (data) => {
    const reply = decodeDhcpMessage(data);
    const n = reply.xid - 1;
    if (!waiting.has(n)) return;
    const type = u8Option(reply.options, DHCP_OPTION.messageType);
    const server = addressOption(reply.options, DHCP_OPTION.serverIdentifier) ?? '';
    if (type === 2) {
      const selecting = [
        [DHCP_OPTION.requestedAddress, addressesValue([reply.yiaddr])],
        [DHCP_OPTION.serverIdentifier, addressesValue([server])],
      ] as const;
      send(n, message(load, n, 3, selecting));
    } else if (type === 5) {
      waiting.delete(n);
      finished += 1;
      start();
      if (finished === load.clients) end();
    }
  });
  const begun = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [n, { data, at }] of waiting) {
      if (now - at < RESEND_MS) continue;
      resent += 1;
      send(n, data);
    }
  }, 100);
  const end = (): void => {
    clearInterval(timer);
    const tookMs = performance.now() - begun;
    socket.close(() => done({ tookMs, done: finished, resent }));
  };
  socket.bind(load.port, load.relay, () => {
    for (let n = 0; n < load.window; n++) start();
  });
}

function message(load: DhcpLoad, n: number, type: number, extra: readonly (readonly [number, Buffer])[]): Buffer {
  const mac = Buffer.from(loadMac(load.prefix, n), 'hex');
  const value: DhcpMessage = {
    ...{ op: 1, htype: 1, hlen: 6, hops: 1, xid: n + 1, secs: 0, flags: 0 },
    ...{ ciaddr: '0.0.0.0', yiaddr: '0.0.0.0', siaddr: '0.0.0.0', giaddr: load.relay },
    chaddr: Buffer.concat([mac, Buffer.alloc(10)]),
    ...{ sname: '', file: '' },
    options: new Map<number, Buffer>([
      [DHCP_OPTION.messageType, Buffer.from([type])],
      [DHCP_OPTION.parameterRequestList, Buffer.from([1, 3, 6, 51, 54])],
      ...extra,
    ]),
  };
  return encodeDhcpMessage(value);
}
