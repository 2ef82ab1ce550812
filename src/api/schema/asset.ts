import { z } from 'zod';
import { ASSET_NEEDS } from '../../domain/ports/assets.ts';
import { timestamp } from './common.ts';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, { error: 'must be 64 hexadecimal digits in lower case' })
  .describe('SHA-256 of the contents.');
const label = z
  .string()
  .max(255)
  .regex(/^[\w@+.~-][\w@+:.~-]*(\/[\w@+.~-][\w@+:.~-]*)*$/, {
    error: 'must be a name like web1/kernel: letters, digits, _@+.~- and single slashes',
  })
  .refine((name) => !name.startsWith('sha256:'), { error: 'must not begin with sha256:, which names contents' })
  .refine((name) => name.split('/').every((part) => part !== '.' && part !== '..'), { error: 'must hold no . or ..' })
  .describe('Label by which machines name it; it moves here from the asset that had it.');
/** The largest that a DHCP client would wait for, and more. */
const bytes = z
  .int()
  .min(1)
  .max(64 * 1024 ** 3);

export const sha256Params = z.strictObject({ sha256 });

export const assetSchema = z
  .strictObject({
    sha256,
    bytes: z.int(),
    names: z.array(z.string()).describe('Labels; each names one asset at a time.'),
    pinned: z.boolean(),
    needs: z.array(z.enum(ASSET_NEEDS)).describe('Why it is kept; empty when it may be collected.'),
    createdAt: timestamp,
    usedAt: timestamp.describe('When it was last uploaded or armed.'),
  })
  .describe('Contents that machines boot.');

export const newAssetSchema = z
  .strictObject({ sha256, bytes: bytes.describe('Size, 64 GiB at most.'), name: z.exactOptional(label) })
  .describe('What will be uploaded.');

export const assetUploadSchema = z
  .strictObject({
    id: z.string(),
    sha256,
    bytes: z.int(),
    name: z.string().nullable(),
    offset: z.int().describe('Bytes that are here: the next piece begins there.'),
    createdAt: timestamp,
  })
  .describe('An upload that has begun.');

export const assetChangeSchema = z.strictObject({ pinned: z.boolean().describe('Keep it whatever is collected.') });

export const assetImportSchema = z
  .strictObject({
    folder: z
      .exactOptional(z.string().regex(/^\/[^\p{Cc}]*$/u, { error: 'must be an absolute path' }))
      .describe('A NixOS system on the host of the service. Default: what the machine runs, over SSH.'),
    toplevel: z
      .exactOptional(z.string().max(400))
      .describe('Store path of another system on the machine. Default: the running one.'),
  })
  .refine((order) => order.folder === undefined || order.toplevel === undefined, {
    error: 'name folder or toplevel, not both',
  });

export const capturedSchema = z.strictObject({
  toplevel: z.string(),
  kernel: sha256,
  initrds: z.array(sha256),
  commandLine: z.string(),
  secretsLeftOut: z
    .boolean()
    .describe(
      'The generation adds secrets to its initrd (as SSH host keys) where it is installed; they are not in here.',
    ),
});

export const collectedSchema = z.strictObject({
  removed: z.array(z.strictObject({ sha256, bytes: z.int(), names: z.array(z.string()) })),
  freedBytes: z.int(),
  keptBytes: z.int(),
});

export type AssetBody = z.infer<typeof assetSchema>;
export type AssetUploadBody = z.infer<typeof assetUploadSchema>;
export type CapturedBody = z.infer<typeof capturedSchema>;
export type CollectedBody = z.infer<typeof collectedSchema>;
