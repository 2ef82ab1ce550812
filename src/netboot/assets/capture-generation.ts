import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import type { Machine } from '../../domain/machine.ts';
import type { AssetRecords, Assets } from '../../domain/ports/assets.ts';
import type {
  CaptureResult,
  GenerationCaptures,
  GenerationFiles,
  OpenGenerationFiles,
} from '../../domain/ports/generation-files.ts';
import type { Clock } from '../../foundation/clock.ts';
import { RefusedError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { kernelCommandLine, parseBootspec } from '../../protocols/bootspec/boot-json.ts';
import { folderGeneration } from './folder-generation.ts';

export type CaptureDeps = {
  readonly assets: Pick<Assets, 'begin' | 'append' | 'cancel'>;
  readonly records: Pick<AssetRecords, 'capture' | 'captured'>;
  readonly open: OpenGenerationFiles;
  readonly clock: Clock;
  readonly log: Log;
};

/** Captures generations from machines and folders; one of both fails or succeeds as a whole, and again is harmless. */
export function createGenerationCaptures(deps: CaptureDeps): GenerationCaptures {
  return {
    async has(machineId, toplevel) {
      return (await deps.records.captured(machineId)).some((each) => each.toplevel === toplevel);
    },
    async fromMachine(machine, toplevel, signal) {
      await using files = await deps.open(machine, signal);
      const order = { ...orderOf(machine), files };
      return await captureGeneration(deps, toplevel === undefined ? order : { ...order, toplevel }, signal);
    },
    fromFolder: (machine, folder, signal) =>
      captureGeneration(deps, { ...orderOf(machine), files: folderGeneration(folder) }, signal),
  };
}

/**
 * Takes kernel and initrd of a NixOS generation into the asset store and records how it is booted. What is there already is
 * not fetched again; what comes is checked against the SHA-256 told where it lies.
 * @throws RefusedError for a file that changed under way; DecodeError for a boot.json that is none
 */
async function captureGeneration(
  { assets, records, clock, log }: CaptureDeps,
  order: {
    readonly machineId: string;
    /** Kernel and initrd are labelled `NAME/kernel` and `NAME/initrd`. */
    readonly name: string;
    readonly files: GenerationFiles;
    readonly toplevel?: string;
    /** Whether the initrd's secrets are wanted. */
    readonly secrets: boolean;
  },
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { machineId, name, files } = order;
  const { text, ...known } = await files.bootspec(order.toplevel, signal);
  const bootspec = parseBootspec(text);
  const { toplevel } = { ...bootspec, ...known };
  const kernel = await fetchAsset(assets, files, bootspec.kernel, `${name}/kernel`, signal);
  const initrds =
    bootspec.initrd === undefined ? [] : [await fetchAsset(assets, files, bootspec.initrd, `${name}/initrd`, signal)];
  const program = order.secrets ? bootspec.initrdSecrets : undefined;
  if (program !== undefined) {
    const archive = await files.initrdSecrets(program, signal);
    initrds.push(await storeAsset(assets, archive, `${name}/initrd-secrets`));
  }
  const captured = {
    ...{ machineId, toplevel, kernel, initrds },
    ...{ commandLine: kernelCommandLine(bootspec), capturedAt: clock.now() },
  };
  await records.capture(captured);
  const secretsLeftOut = bootspec.initrdSecrets !== program;
  log.info({ machineId, toplevel, secretsLeftOut }, 'generation captured');
  return { ...captured, secretsLeftOut };
}

function orderOf({ id, spec }: Machine) {
  const { netboot } = spec;
  const secrets = netboot !== undefined && 'generation' in netboot && netboot.initrdSecrets === true;
  return { machineId: id, name: spec.name, secrets };
}

async function storeAsset(assets: CaptureDeps['assets'], bytes: Buffer, name: string): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const begun = await assets.begin({ sha256, bytes: bytes.length, name });
  if ('upload' in begun) {
    const { id, offset } = begun.upload;
    await assets.append(id, offset, Readable.from([bytes.subarray(offset)]));
  }
  return sha256;
}

async function fetchAsset(
  assets: CaptureDeps['assets'],
  files: GenerationFiles,
  path: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const { bytes, sha256 } = await files.measure(path, signal);
  if (bytes === 0) throw new RefusedError(`${path} is empty`);
  const begun = await assets.begin({ sha256, bytes, name });
  if ('asset' in begun) return sha256;
  const { id, offset: from } = begun.upload;
  const pipe = new PassThrough({ highWaterMark: 1 << 20 });
  try {
    const stored = assets.append(id, from, pipe);
    const read = files
      .read(path, from, (chunk) => write(pipe, chunk), signal)
      .then(
        () => void pipe.end(),
        (error: unknown) => {
          pipe.destroy(error instanceof Error ? error : new Error('read failed', { cause: error }));
          throw error;
        },
      );
    // Whoever fails first ends the other one; its reason is the one to tell.
    stored.catch((error: unknown) => pipe.destroy(error instanceof Error ? error : undefined));
    const [{ offset, asset }] = await Promise.all([stored, read]);
    if (asset === undefined) throw new RefusedError(`${path}: only ${offset} of ${bytes} bytes came`);
    return sha256;
  } catch (error) {
    // Gone already when the checksum was wrong.
    await assets.cancel(id).catch(() => undefined);
    throw error;
  }
}

/** Waits for room, so that a slow disk slows the sender. */
function write(pipe: PassThrough, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    pipe.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
