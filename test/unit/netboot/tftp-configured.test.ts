import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { configSchema } from '../../../src/config/config-schema.ts';
import { decodeTftpPacket, encodeTftpPacket, type TftpPacket } from '../../../src/protocols/tftp/packet.ts';
import { loopbackCorner, startNetboot } from '../../support/netboot-service.ts';

it('limits of TFTP as configured reach the server', async () => {
  const { netboot: read } = configSchema.parse({
    netboot: { tftp: { singlePort: true, maximumTransfersPerClient: 1, maximumBlksize: 512, maximumWindowsize: 2 } },
  });
  if (read?.tftp === undefined) throw new Error('not read');
  const corner = loopbackCorner(95);
  await using netboot = await startNetboot({ corner, mode: 'full', options: { tftp: read.tftp } });
  const { port } = netboot.bound.tftp;
  const sockets: Socket[] = [];
  /** The first answer to a read request, and the port it came from. */
  const ask = async (): Promise<[TftpPacket, number]> => {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(0, corner.machine(1));
    await once(socket, 'listening');
    const options = [
      { name: 'blksize', value: '1468' },
      { name: 'windowsize', value: '8' },
    ];
    const request = encodeTftpPacket({ kind: 'rrq', filename: 'ipxe.efi', mode: 'octet', options });
    const heard = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
    socket.send(request, port, corner.server);
    const [data, from] = await heard;
    return [decodeTftpPacket(data), from.port];
  };
  try {
    const [agreed, from] = await ask();
    const options = [
      { name: 'blksize', value: '512' },
      { name: 'windowsize', value: '2' },
    ];
    expect([agreed, from]).toEqual([{ kind: 'oack', options }, port]);
    expect((await ask())[0]).toMatchObject({ kind: 'error', message: expect.stringContaining('too many') });
  } finally {
    for (const socket of sockets) socket.close();
  }
});
