import { z } from 'zod';
import { timestamp } from './common.ts';

/** What is known of a machine's boot loaders. */
export const loadersSchema = z
  .strictObject({
    ordered: z
      .string()
      .nullable()
      .describe('The one its declaration names (firmware.loader), whatever has been learnt.'),
    items: z.array(
      z.strictObject({
        mac: z.string().describe('The network card it was learnt of.'),
        architecture: z.int().describe('Value of DHCP option 93: 0 is BIOS, 7 x64 UEFI, 11 ARM64 UEFI.'),
        proven: z
          .strictObject({ loader: z.string(), provenAt: timestamp })
          .nullable()
          .describe('The loader that last brought it to its script: the first to be offered.'),
        hung: z
          .array(z.string())
          .describe('Loaders that hung since the process started that serves this, and are passed over.'),
      }),
    ),
  })
  .describe('Which boot loaders worked and which hung, by network card and architecture.');

export type LoadersBody = z.infer<typeof loadersSchema>;
