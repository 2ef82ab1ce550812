import type { SessionFacts, SystemFacts } from '../../domain/ports/hosts.ts';
import { RefusedError } from '../../foundation/errors.ts';
import { parseReport, reported, reportedAll } from '../ssh/shell.ts';

/** Reads the look script's output. @throws RefusedError when the machine told no boot_id */
export function parseSystemReport(output: Buffer, where: string): SystemFacts {
  const report = parseReport(output);
  const bootId = reported(report, 'boot-id') ?? '';
  if (!/^[0-9a-f-]{36}$/.test(bootId)) throw new RefusedError(`${where}: no boot_id could be read there`);
  return {
    bootId,
    state: reported(report, 'state') || 'unknown',
    failedUnits: reportedAll(report, 'failed'),
    booted: reported(report, 'booted') || null,
    current: reported(report, 'current') || null,
    profile: reported(report, 'profile') || null,
  };
}

export function parseSessionReport(output: Buffer): SessionFacts {
  const report = parseReport(output);
  return {
    manager: reported(report, 'manager') || null,
    defaultTarget: reported(report, 'default-target') || null,
  };
}
