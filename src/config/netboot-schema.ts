import { z } from 'zod';
import { LOCAL_DISK_EXITS, type NetbootSpec } from '../domain/machine.ts';
import { LARGEST_SCRIPT, SCRIPT_VARIABLES, scriptProblem } from '../domain/script-template.ts';
import { documentedObject } from './documented.ts';

const oneLine = z.string().regex(/^[^\p{Cc}]*$/u, { error: 'must be one line without control characters' });
// COMMAND_LINE_SIZE is 2048 bytes on x86 (arch/x86/include/asm/setup.h) and arm64; longer lines are cut silently.
const commandLine = oneLine.max(2047);
const assetName = z
  .string()
  .max(255)
  .refine(isPlainPath, { error: 'must be a path inside the assets folders: no leading slash, no "..", no empty part' });
/** A name that stands in a URL as it is. */
const fileName = assetName.regex(/^[\w@+:.~/-]+$/, { error: 'may hold letters, digits and _@+:.~/- only' });

const kernel = documentedObject({
  kernel: assetName.describe('An uploaded asset (by name, or sha256:DIGITS) or a file of the assets folders.'),
  initrds: z.array(assetName).min(1).max(16).describe('Likewise, in the order the kernel gets them.'),
  commandLine: commandLine.describe('Kernel parameters, one line of 2047 bytes at most.'),
}).describe('A kernel and its initrds.');

const generation = documentedObject({
  generation: z
    .string()
    .regex(/^(current|\/nix\/store\/[0-9a-z]{32}-[A-Za-z0-9+\-._?=]{1,211}(\/[A-Za-z0-9+\-._?=]{1,255}){0,4})$/, {
      error: 'must be current, or the store path of a NixOS system: /nix/store/…',
    })
    .describe('current: the newest proven generation that was captured, else the newest captured. Or a store path.'),
  commandLine: z.exactOptional(commandLine).describe('Kernel parameters after those of the generation. Default none.'),
  initrdSecrets: z
    .exactOptional(z.boolean())
    .describe(
      'Capture the secrets too that NixOS adds to its initrd on the machine (SSH host keys of stage 1). They then lie in the data directory and cross the boot network in clear. Default false.',
    ),
}).describe("The machine's NixOS generation: its own kernel, initrd and parameters.");

const script = z.string().superRefine((text, context) => {
  const problem = scriptProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const ownScript = documentedObject({
  script: z
    .union([script.max(LARGEST_SCRIPT), documentedObject({ asset: assetName.describe('Name of an uploaded asset.') })])
    .describe(
      `An iPXE script, or the asset that holds it. Filled in are ${SCRIPT_VARIABLES.map((name) => `\${${name}}`).join(', ')}; $\${…} is left to iPXE as \${…}.`,
    ),
  files: z
    .exactOptional(z.array(fileName).max(64))
    .describe(`What the script may fetch, as \${base-url}/files/NAME: uploaded assets or files. Default none.`),
}).describe('An iPXE script of your own.');

const localDisk = documentedObject({
  localDisk: z
    .enum(LOCAL_DISK_EXITS)
    .describe(
      'How a machine that asked the network is handed on: auto (exit-1 on UEFI, sanboot on BIOS), exit, exit-1, sanboot, or 404 (no script at all).',
    ),
}).describe("The machine's own disk, by way of the network.");

const rescue = documentedObject({ rescue: kernel }).describe('A rescue system; it proves itself by a pinned key too.');

/** What a machine netboots, in one of five forms. */
export const netbootSchema = z
  .union([kernel, generation, ownScript, localDisk, rescue], {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? 'must be one of: {kernel, initrds, commandLine}, {generation}, {script}, {localDisk}, {rescue}'
        : undefined,
  })
  .describe('What the machine boots over the network. Absent: it boots from its own disk.');

// A difference from the domain's type fails the type check here.
export const netbootSpecSchema: z.ZodType<NetbootSpec> = netbootSchema;

function isPlainPath(text: string): boolean {
  return /^[^\p{Cc}\\]+$/u.test(text) && text.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
