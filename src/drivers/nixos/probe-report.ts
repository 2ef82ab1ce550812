import { parseReport, reported, reportedAll } from '../ssh/shell.ts';
import type { RebuildFlags } from './rebuild-order.ts';

export type RebuildProbe = {
  readonly home: string;
  readonly uid: string;
  readonly gid: string;
  /** Path of nixos-rebuild, null when there is none. */
  readonly rebuild: string | null;
  /** Whether sudo works without a password. */
  readonly sudo: boolean;
  readonly flags: RebuildFlags;
};

/** Reads the probe script's output; ids that are no numbers count as an unknown user's. */
export function parseProbe(output: Buffer): RebuildProbe {
  const report = parseReport(output);
  const id = (key: string): string => (/^\d{1,10}$/.exec(reported(report, key) ?? '') ?? ['65534'])[0];
  const home = reported(report, 'home') ?? '';
  return {
    home: /^\/[\x21-\x7e]*$/.test(home) ? home : '/var/empty',
    uid: id('uid'),
    gid: id('gid'),
    rebuild: reported(report, 'rebuild'),
    sudo: reported(report, 'sudo') !== null,
    flags: new Set(reportedAll(report, 'flag')),
  };
}
