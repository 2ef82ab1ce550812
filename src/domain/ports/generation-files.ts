import type { Machine } from '../machine.ts';
import type { CapturedGeneration } from './assets.ts';

/** Files of a NixOS system, where it is: on the machine, or in a folder here. */
export type GenerationFiles = {
  /**
   * The text of a system's `boot.json`, and its store path where that is known otherwise than from the text.
   * @param toplevel undefined: the running system
   */
  bootspec(
    toplevel: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly toplevel?: string; readonly text: string }>;
  /** Size and SHA-256 of a file, as told where it lies. */
  measure(path: string, signal: AbortSignal): Promise<{ readonly bytes: number; readonly sha256: string }>;
  /** Hands over a file's bytes from `offset` on, each piece awaited before the next. */
  read(path: string, offset: number, onBytes: (chunk: Buffer) => Promise<void>, signal: AbortSignal): Promise<void>;
  /**
   * What a generation's program adds to an initrd: an archive of its own, to follow the initrd.
   * @param program `initrdSecrets` of its bootspec
   */
  initrdSecrets(program: string, signal: AbortSignal): Promise<Buffer>;
};

/** Opens the files of the system on a machine, over SSH under its pinned stage-3 key. */
export type OpenGenerationFiles = (machine: Machine, signal: AbortSignal) => Promise<GenerationFiles & AsyncDisposable>;

/** A capture, and whether the initrd's secrets, which only the machine can add, are missing in it. */
export type CaptureResult = CapturedGeneration & { readonly secretsLeftOut: boolean };

/** Takes generations into the asset store, so that they can be netbooted. */
export type GenerationCaptures = {
  has(machineId: string, toplevel: string): Promise<boolean>;
  /** From the machine itself. @param toplevel undefined: what it runs */
  fromMachine(machine: Machine, toplevel: string | undefined, signal: AbortSignal): Promise<CaptureResult>;
  /** From a folder of this host: a system's closure, with its `boot.json`. */
  fromFolder(machine: Machine, folder: string, signal: AbortSignal): Promise<CaptureResult>;
};
