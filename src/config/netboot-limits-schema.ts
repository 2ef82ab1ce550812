import { z } from 'zod';
import { documentedObject } from './documented.ts';

/** The TFTP server; its own defaults stand beside `TftpServerOptions` in netboot. */
export const tftpSchema = documentedObject({
  singlePort: z
    .exactOptional(z.boolean())
    .describe(
      'Answer transfers from the port that was asked instead of a new one each: for clients behind address translation, and in containers. Default false.',
    ),
  threads: z
    .exactOptional(z.int().min(0).max(16))
    .describe(
      'Threads for transfers where several go on at once, for each interface, 25 MB each; 0: all in the main thread. Default 2, and 0 with one processor.',
    ),
  maximumTransfers: z
    .exactOptional(z.int().min(1).max(16_384))
    .describe('Transfers at once on one interface; who comes beyond them gets no answer and asks again. Default 1024.'),
  maximumTransfersPerClient: z
    .exactOptional(z.int().min(1).max(16_384))
    .describe('Of them, transfers to one address; beyond them it gets an error. Default 32.'),
  maximumBlksize: z
    // RFC 2348 §2 has 8 to 65464; less than the protocol's own 512 helps nobody.
    .exactOptional(z.int().min(512).max(65_464))
    .describe(
      'Largest block that is agreed to, in bytes. Beyond 1468 blocks are fragmented unless the whole network has jumbo frames. Default 1468 for IPv4, 1448 for IPv6.',
    ),
  maximumWindowsize: z
    // RFC 7440 §3 has 1 to 65535; a window of more than this is lost as a whole in most switches' buffers.
    .exactOptional(z.int().min(1).max(1024))
    .describe('Most blocks sent before an acknowledgement, where a client asks for a window. Default 64.'),
})
  .superRefine(({ maximumTransfers = 1024, maximumTransfersPerClient }, context) => {
    if (maximumTransfersPerClient === undefined || maximumTransfersPerClient <= maximumTransfers) return;
    const path = ['maximumTransfersPerClient'];
    context.addIssue({ code: 'custom', path, message: `is more than all transfers together (${maximumTransfers})` });
  })
  .describe('Limits of the TFTP server. Absent: the defaults.');

/** Machines that ask to boot and that nobody declared. */
export const discoverySchema = documentedObject({
  clients: z
    .enum(['none', 'boot', 'all'])
    .default('boot')
    .describe(
      'Whose requests are listed. boot: of clients that want something to boot. all: of every DHCP client, phones and laptops too. none: nobody is. Default boot.',
    ),
  maximum: z
    .int()
    .min(16)
    .max(65_536)
    .default(1024)
    .describe('Network cards on the list; those seen once give way to those seen again. Default 1024.'),
  keepDays: z
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('Days after which one leaves the list that is not seen any more. Default 30.'),
}).describe('The list of machines that asked to boot and that nobody declared. None of them is told what to boot.');
