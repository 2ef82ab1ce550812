import type { SystemFacts } from '../../domain/ports/hosts.ts';

/** What is known of the boot before, of the one that was ordered and of the one that was unlocked. */
export type Expected = {
  /** boot_id before the requested reboot; undefined when the machine did not answer then. */
  readonly bootIdBefore: string | undefined;
  /** boot_id read in stage 1; undefined when nothing was unlocked. */
  readonly bootIdStage1: string | undefined;
  /** Store path that must be booted; undefined when none was ordered. */
  readonly toplevel: string | undefined;
  /** Units that had failed before. */
  readonly failedBefore: readonly string[];
};

export type Check = { readonly name: string; readonly passed: boolean; readonly says: string };

/** Proof of boot, check by check; every one must pass. */
export function proofOfBoot(expected: Expected, system: SystemFacts): readonly Check[] {
  const checks: Check[] = [];
  const { bootIdBefore, bootIdStage1, toplevel } = expected;
  if (bootIdBefore !== undefined) {
    const passed = bootIdBefore !== system.bootId;
    checks.push({ name: 'rebooted', passed, says: passed ? 'boot_id changed' : `boot_id is still ${bootIdBefore}` });
  }
  if (bootIdStage1 !== undefined) {
    const passed = bootIdStage1 === system.bootId;
    const says = passed
      ? 'stage-1 and stage-3 boot_id agree'
      : `stage 1 was boot ${bootIdStage1}, stage 3 is ${system.bootId}`;
    checks.push({ name: 'same-boot', passed, says });
  }
  if (toplevel !== undefined) {
    // A booted specialisation is a path below the system it belongs to.
    const passed = system.booted === toplevel || system.booted?.startsWith(`${toplevel}/specialisation/`) === true;
    const says = passed ? `booted ${toplevel}` : `booted ${system.booted ?? 'nothing known'}, expected ${toplevel}`;
    checks.push({ name: 'generation', passed, says });
  }
  const fresh = system.failedUnits.filter((unit) => !expected.failedBefore.includes(unit));
  const passed = fresh.length === 0;
  checks.push({ name: 'units', passed, says: passed ? 'no newly failed units' : `newly failed: ${fresh.join(', ')}` });
  return checks;
}
