import type { RunError } from '../../domain/run.ts';

type Refusal = Omit<RunError, 'step'>;

/** Why no (further) passphrase is sent; each names the disk and says what a human can do. */

export function wrongPassphrase(machine: string, disk: string): Refusal {
  return {
    code: 'wrong-passphrase',
    message: `${machine} refused the passphrase of disk ${disk}; one try was spent, and it still waits in stage 1`,
    hint: `Correct the passphrase that disks.${disk} refers to, then order an unlock run.`,
    details: { disk },
  };
}

export function exhausted(machine: string, disk: string): Refusal {
  return {
    code: 'unlock-exhausted',
    message: `${machine} takes no further passphrase for disk ${disk} in this boot`,
    hint: 'Correct the passphrase, then power-cycle the machine and order a boot run.',
    details: { disk },
  };
}

export function triesSpent(machine: string, disk: string, spent: number): Refusal {
  return {
    code: 'tries-spent',
    message: `${spent} passphrases for disk ${disk} of ${machine} were sent in this boot already; the last try is left to a human`,
    hint: 'Enter it on the console, or power-cycle the machine and order a boot run.',
    details: { disk, spent },
  };
}

export function notEnrolled(machine: string, disk: string): Refusal {
  return {
    code: 'disk-not-enrolled',
    message: `${machine} asks for the passphrase of ${disk}, which is not among its disks`,
    hint: 'Add the disk with its passphrase reference to the machine, or remove it from its crypttab.',
    details: { disk },
  };
}
