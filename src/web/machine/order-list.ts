import type { MachineSpecBody } from '../../api/schema/machine.ts';
import type { RunRequestBody } from '../../api/schema/run.ts';
import type { Permission } from '../live/session.ts';

/** One button: what it orders, what that does, and what the machine must have for it. */
export type Order = {
  readonly label: string;
  readonly request: RunRequestBody;
  /** Asked before it is ordered; absent: nothing can be lost by it. */
  readonly question?: { readonly title: string; readonly text: string; readonly dangerous: boolean };
  /** Why the machine's declaration rules it out. */
  readonly lacks?: string;
};

export type OrderGroup = { readonly name: string; readonly orders: readonly Order[] };

export function permissionOf({ kind }: RunRequestBody): Permission {
  return `run.${kind}`;
}

/** All that can be ordered for a machine. */
export function orderGroups(spec: MachineSpecBody): readonly OrderGroup[] {
  const { name } = spec;
  const bmc = spec.bmcs.length === 0 ? { lacks: 'no BMC is declared' } : {};
  const disks = spec.disks.length === 0 ? { lacks: 'no encrypted disk is declared' } : {};
  const flake = spec.rebuild === undefined ? { lacks: 'no flake to rebuild from is declared' } : {};
  const ask = (title: string, text: string, dangerous = true) => ({ question: { title, text, dangerous } });
  const hard = 'Whatever runs on it stops at once; what is not written to its disks is lost.';
  return [
    {
      name: 'Bring up and renew',
      orders: [
        { label: 'Boot', request: { kind: 'boot' }, ...bmc },
        { label: 'Unlock', request: { kind: 'unlock' }, ...disks },
        {
          label: 'Update…',
          request: { kind: 'update' },
          ...flake,
          ...ask(`Update ${name}?`, 'Builds the new generation, reboots into it, unlocks and proves it.', false),
        },
        {
          label: 'Rebuild…',
          request: { kind: 'rebuild' },
          ...flake,
          ...ask(`Rebuild ${name}?`, 'Builds the new generation on the machine. It is not rebooted.', false),
        },
        {
          label: 'Reboot…',
          request: { kind: 'reboot' },
          ...ask(`Reboot ${name}?`, 'Its services and sessions end; it is unlocked again on the way up.'),
        },
      ],
    },
    {
      name: 'Power',
      orders: [
        { label: 'On', request: { kind: 'power', verb: 'on' }, ...bmc },
        {
          label: 'Soft off…',
          request: { kind: 'power', verb: 'soft-off' },
          ...bmc,
          ...ask(`Shut ${name} down?`, 'Asks its operating system to shut down and waits until the power is off.'),
        },
        {
          label: 'Off…',
          request: { kind: 'power', verb: 'off' },
          ...bmc,
          ...ask(`Cut the power of ${name}?`, hard),
        },
        {
          label: 'Cycle…',
          request: { kind: 'power', verb: 'cycle' },
          ...bmc,
          ...ask(`Power-cycle ${name}?`, hard),
        },
        { label: 'Reset…', request: { kind: 'power', verb: 'reset' }, ...bmc, ...ask(`Reset ${name}?`, hard) },
      ],
    },
  ];
}
