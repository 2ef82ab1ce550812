import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { AssetBody, AssetUploadBody } from '../api/schema/asset.ts';
import { CliError, EXIT } from './cli-error.ts';
import { RefusedCliError } from './connection.ts';
import type { Context } from './context.ts';

/** One request: short enough that a slow line carries it within the service's 30 s, and a lost one costs little. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** How often in a row a piece may fail, and the wait before the next try. */
const TRIES = 6;
const PAUSE_MS = 1000;
/** The last piece is answered when the whole file was read and compared. */
const PATIENCE_MS = 120_000;

/**
 * Uploads a file in pieces, and goes on where an upload of the same file stopped, be it in this command or an earlier one.
 * @throws CliError
 */
export async function uploadFile(context: Context, path: string, name: string): Promise<AssetBody> {
  await using file = await open(path, 'r').catch((error: unknown) => {
    throw new CliError(EXIT.usage, `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { size, isFile } = await statOf(file);
  if (!isFile || size === 0) throw new CliError(EXIT.usage, `${path} is not a file with anything in it`);
  const order = { sha256: await hashOf(file), bytes: size, name };
  const report = progressOf(context, path, size);
  for (let tries = 1; ; tries++) {
    try {
      const asset = await sendAll(context, file, order, (offset) => {
        tries = 1;
        report(offset);
      });
      if (asset !== undefined) return asset;
    } catch (error) {
      const passes = error instanceof CliError && error.exitCode === EXIT.unreachable;
      if (!passes || tries >= TRIES) throw error;
      context.terminal.remark(`${error.message}; trying again`);
      await context.environment.delay(PAUSE_MS * tries, new AbortController().signal);
    }
    if (tries >= TRIES) throw new CliError(EXIT.failed, `${path}: somebody else keeps changing the same upload`);
  }
}

/** @returns undefined when somebody else went on with the same upload, or ended it: ask again where it stands */
async function sendAll(
  { connection }: Context,
  file: FileHandle,
  order: { readonly sha256: string; readonly bytes: number; readonly name: string },
  report: (offset: number) => void,
): Promise<AssetBody | undefined> {
  const begun = (await connection.call({ method: 'POST', path: '/assets', body: order })) as
    | AssetBody
    | AssetUploadBody;
  if (!('id' in begun)) return begun;
  const path = `/assets/uploads/${encodeURIComponent(begun.id)}`;
  let offset = begun.offset;
  for (;;) {
    // All bytes may be here when the answer to the last ones was lost: an empty piece has them looked at.
    const bytes = await readPiece(file, offset, Math.min(PIECE_BYTES, order.bytes - offset));
    const range = bytes.length === 0 ? '*' : `${offset}-${offset + bytes.length - 1}`;
    const headers = { 'content-range': `bytes ${range}/${order.bytes}` };
    try {
      const answer = (await connection.call({ method: 'PUT', path, bytes, headers, patienceMs: PATIENCE_MS })) as
        | AssetBody
        | AssetUploadBody;
      report(offset + bytes.length);
      if (!('id' in answer)) return answer;
      offset = answer.offset;
    } catch (error) {
      const overtaken =
        error instanceof RefusedCliError && ['wrong-offset', 'conflict', 'not-found'].includes(error.code);
      if (!overtaken) throw error;
      return undefined;
    }
  }
}

async function readPiece(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const piece = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(piece, done, length - done, offset + done);
    if (bytesRead === 0) throw new CliError(EXIT.failed, 'the file became shorter while it was uploaded');
    done += bytesRead;
  }
  return piece;
}

async function statOf(file: FileHandle): Promise<{ readonly size: number; readonly isFile: boolean }> {
  const info = await file.stat();
  return { size: info.size, isFile: info.isFile() };
}

async function hashOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const stream = file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 });
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** A line for each tenth, on standard error. */
function progressOf({ terminal }: Context, path: string, size: number): (offset: number) => void {
  let told = 0;
  return (offset) => {
    const tenth = Math.floor((offset * 10) / size);
    if (tenth <= told || terminal.json) return;
    told = tenth;
    terminal.remark(`${path}: ${tenth * 10} % of ${size} bytes`);
  };
}
