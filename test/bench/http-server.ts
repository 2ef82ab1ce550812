import { randomBytes } from 'node:crypto';
import { startHttpBoot } from '../support/http-boot-service.ts';
import { HTTP_CLIENTS, HTTP_FILE_BYTES, HTTP_NET } from './http-work.ts';

// Our boot server with one armed machine a client, as a process of its own. It ends when its standard input does.
await using boot = await startHttpBoot({
  net: HTTP_NET,
  machines: HTTP_CLIENTS,
  files: { kernel: Buffer.alloc(1), initrd: randomBytes(HTTP_FILE_BYTES) },
});
const tokens = Array.from({ length: HTTP_CLIENTS }, (_, index) => boot.arm(index + 1));
console.log(`READY ${JSON.stringify({ address: boot.bound.address, port: boot.bound.port, tokens })}`);
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
