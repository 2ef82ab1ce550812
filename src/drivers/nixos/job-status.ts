import type { RebuildStatus } from '../../domain/ports/system-builder.ts';
import { parseReport, reported } from '../ssh/shell.ts';

/** States in which a unit's process is, or is about to be, there. @see systemd.unit(5), systemctl(1) */
const RUNNING: ReadonlySet<string> = new Set(['active', 'activating', 'deactivating', 'reloading', 'refreshing']);

/** Reads the status script's output. A job that left its output but neither unit nor exit code was killed. */
export function parseJobStatus(output: Buffer): RebuildStatus {
  const report = parseReport(output);
  const exit = reported(report, 'exit');
  const active = reported(report, 'active') ?? 'inactive';
  const result = reported(report, 'result') ?? '';
  if (exit !== null && /^\d{1,3}$/.test(exit)) {
    return { kind: 'ended', exitCode: Number(exit), result: exit === '0' ? 'success' : 'exit-code' };
  }
  if (RUNNING.has(active)) return { kind: 'running' };
  if (active === 'failed') return { kind: 'ended', exitCode: null, result: result || 'failed' };
  if (reported(report, 'output') !== null) return { kind: 'ended', exitCode: null, result: 'vanished' };
  return { kind: 'absent' };
}
