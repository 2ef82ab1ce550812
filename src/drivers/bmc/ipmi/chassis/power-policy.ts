import type { PowerRestorePolicy } from '../../../../domain/hardware.ts';
import { RefusedError, UnreachableError } from '../../../../foundation/errors.ts';
import {
  getChassisStatus,
  PowerRestorePolicy as WirePolicy,
} from '../../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import {
  type SetPowerRestorePolicyResponse,
  setPowerRestorePolicy as setPowerRestorePolicyCommand,
} from '../../../../protocols/ipmi/commands/chassis/set-power-restore-policy.ts';
import { CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester } from '../requester.ts';

type KnownPolicy = Exclude<PowerRestorePolicy, 'unknown'>;

const wirePolicies: Readonly<Record<KnownPolicy, number>> = {
  'stay-off': WirePolicy.stayOff,
  restore: WirePolicy.restore,
  'power-up': WirePolicy.powerUp,
};

/**
 * Sets what the machine does when mains power returns, and reads it back: some boards accept a policy that they do not
 * have and keep the old one. A board that does not tell its policy (11b, or no answer to the question) is believed.
 * @throws CompletionCodeError when refused
 * @throws RefusedError when accepted, and another policy is read back
 * @throws UnreachableError when no answer came and the policy read back does not prove it
 * @see IPMI v2.0 rev. 1.1 §28.2, §28.8
 */
export async function setPowerRestorePolicy(
  requester: IpmiRequester,
  policy: KnownPolicy,
  signal: AbortSignal,
): Promise<void> {
  const wanted = wirePolicies[policy];
  const what = `set power restore policy "${policy}" on BMC ${requester.name}`;
  const reply = await requester.once(setPowerRestorePolicyCommand, { policy: wanted }, signal);
  if (reply.kind === 'refused') {
    throw new CompletionCodeError(what, reply.completionCode, setPowerRestorePolicyCommand.completionCodes);
  }
  const status = await ifThere(requester, getChassisStatus, undefined, signal);
  const now = status === null ? WirePolicy.unknown : status.powerRestorePolicy;
  if (now === wanted) return;
  if (reply.kind === 'silent') {
    const known = now === WirePolicy.unknown ? 'the policy cannot be read back' : `"${nameOf(now)}" is read back`;
    throw new UnreachableError(`${what}: no answer, and ${known}`);
  }
  if (now === WirePolicy.unknown) return;
  throw new RefusedError(
    `${what}: accepted, but "${nameOf(now)}" is read back; the chassis says that it has: ${supported(reply.response)}`,
  );
}

function nameOf(wire: number): string {
  return Object.entries(wirePolicies).find(([, value]) => value === wire)?.[0] ?? 'unknown';
}

function supported(response: SetPowerRestorePolicyResponse): string {
  const names: readonly KnownPolicy[] = [
    ...(response.supportsStayOff ? ['stay-off' as const] : []),
    ...(response.supportsRestore ? ['restore' as const] : []),
    ...(response.supportsPowerUp ? ['power-up' as const] : []),
  ];
  return names.join(', ') || 'none';
}
