import type { Bmc } from '../../../domain/ports/bmc.ts';
import { createIpmiBmc } from './ipmi-bmc.ts';
import { credentialName } from './link/bmc-memory.ts';
import { createLinks } from './link/links.ts';
import { IPMI_DEFAULTS, type IpmiDeps, type IpmiOptions, type IpmiTarget } from './options.ts';
import { checkTarget, resolveTarget } from './target.ts';

/** All BMCs reached over IPMI, over one UDP socket; what is learnt of one is shared by all who open it. */
export type IpmiBmcs = AsyncDisposable & {
  /**
   * A BMC to talk to; its session is set up by the first call that needs one. The secrets are copied.
   * @throws ConfigError when the target cannot be used
   * @throws UnreachableError when its name cannot be resolved
   */
  open(target: IpmiTarget, signal: AbortSignal): Promise<Bmc>;
  /** Lets credentials that this BMC has rejected be tried again. */
  resetAuthentication(target: Pick<IpmiTarget, 'host' | 'port'>, signal: AbortSignal): Promise<void>;
};

export function createIpmiBmcs(deps: IpmiDeps, options: IpmiOptions = {}): IpmiBmcs {
  const { clock, entropy, log } = deps;
  const settings = { ...IPMI_DEFAULTS, ...options };
  const links = createLinks(deps, settings.localAddress);
  const processKey = entropy.bytes(32);
  const opened = new Set<Bmc>();
  return {
    async open(target, signal) {
      const login = checkTarget(target);
      const link = links.to(await resolveTarget(target, signal));
      const credential = target.password.use((password) =>
        target.kg
          ? target.kg.use((kg) => credentialName(processKey, target.user, password, kg))
          : credentialName(processKey, target.user, password, undefined),
      );
      const secrets = { password: target.password.copy(), kg: target.kg?.copy(), credential };
      const bmc = createIpmiBmc({ clock, entropy, log, link }, { ...login, ...secrets }, settings);
      const dispose = async (): Promise<void> => {
        opened.delete(tracked);
        await bmc[Symbol.asyncDispose]();
      };
      const tracked: Bmc = { ...bmc, [Symbol.asyncDispose]: dispose };
      opened.add(tracked);
      return tracked;
    },
    async resetAuthentication(target, signal) {
      links.to(await resolveTarget(target, signal)).memory.forgetRejections();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...opened].map((bmc) => bmc[Symbol.asyncDispose]()));
      await links[Symbol.asyncDispose]();
    },
  };
}
