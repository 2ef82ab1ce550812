import { connect, type Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import type { HttpClientOrder, HttpClientReport } from './http-work.ts';

// Fetches over raw sockets into one buffer that is used again and again: what arrives is copied out of the kernel, as every client
// must, and then forgotten. First all connections are opened, then all requests leave at once.
const order = (await json(process.stdin)) as HttpClientOrder;
const buffer = Buffer.alloc(1 << 20);
const firstByteMs: number[] = [];
let bytes = 0;

function opened(from: string): Promise<Fetch> {
  const { promise, resolve, reject } = Promise.withResolvers<Fetch>();
  let got: ((chunk: Buffer) => void) | undefined;
  const onread = {
    buffer,
    callback(length: number) {
      got?.(buffer.subarray(0, length));
      return true;
    },
  };
  const socket: Socket = connect({ host: order.address, port: order.port, localAddress: from, onread });
  socket.once('error', reject);
  socket.once('connect', () => {
    resolve((path) => {
      const done = Promise.withResolvers<void>();
      socket.once('error', done.reject);
      socket.once('close', () => done.reject(new Error('closed too early')));
      const asked = performance.now();
      let left = -1;
      let head = '';
      got = (chunk) => {
        if (left < 0) {
          if (head === '') firstByteMs.push(performance.now() - asked);
          head += chunk.toString('latin1');
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
          if (!head.startsWith('HTTP/1.1 200 ') || (order.bytes > 0 && length !== order.bytes))
            return done.reject(new Error(head.slice(0, end)));
          bytes += length;
          left = length - (head.length - end - 4);
        } else left -= chunk.length;
        if (left > 0) return;
        done.resolve();
        socket.destroy();
      };
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      return done.promise;
    });
  });
  return promise;
}
type Fetch = (path: string) => Promise<void>;

const fetches: Fetch[] = [];
for (const { from } of order.requests) fetches.push(await opened(from));
const cpu = process.cpuUsage();
const started = performance.now();
await Promise.all(order.requests.map(({ path }, index) => fetches[index]?.(path)));
const totalMs = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);
const report: HttpClientReport = { totalMs, bytes, firstByteMs, cpu: (user + system) / 1000 / totalMs };
console.log(JSON.stringify(report));
