import { z } from 'zod';
import { documentedObject } from './documented.ts';

/** What a machine's network boot firmware needs otherwise than most; the domain's FirmwareSpec. */
export const firmwareSchema = documentedObject({
  loader: z
    .exactOptional(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'is not the name of a boot loader like snponly.efi' }),
    )
    .describe(
      'Boot loader to offer, whatever else was tried or has worked: snponly.efi. Default: ipxe.efi, and snponly.efi where that hangs; what worked is remembered.',
    ),
  noBypass: z
    .exactOptional(z.boolean())
    .describe(
      'Offers name no file, so that the machine asks the boot server on port 4011: for firmware that ignores offers which name the file. Default false.',
    ),
  noVendorClass: z
    .exactOptional(z.boolean())
    .describe(
      'Answers carry neither option 60 nor 43, for firmware that ignores those with a file (Ampere eMAG). Not in mode proxy. Default false.',
    ),
})
  .superRefine((spec, context) => {
    if (spec.noBypass === true && spec.noVendorClass === true) {
      const message = 'excludes noBypass: without option 60 no firmware asks port 4011';
      context.addIssue({ code: 'custom', path: ['noVendorClass'], message });
    }
  })
  .describe('What its network boot firmware needs otherwise than most. Absent: nothing.');
