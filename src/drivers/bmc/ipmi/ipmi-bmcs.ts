import type { Bmc } from '../../../domain/ports/bmc.ts';
import { createBoard, type IpmiBoard } from './board.ts';
import { createIpmiBmc } from './ipmi-bmc.ts';
import { credentialName } from './link/bmc-memory.ts';
import { createLinks } from './link/links.ts';
import { IPMI_DEFAULTS, type IpmiDeps, type IpmiOptions, type IpmiTarget } from './options.ts';
import { checkTarget, type IpmiLogin, resolveTarget } from './target.ts';

/** All BMCs reached over IPMI, over one UDP socket; sessions and what is learnt of a BMC are shared by all who open it. */
export type IpmiBmcs = AsyncDisposable & {
  /**
   * A BMC to talk to; its session is set up by the first call that needs one. The secrets are copied.
   * @throws ConfigError when the target cannot be used
   * @throws UnreachableError when its name cannot be resolved
   */
  open(target: IpmiTarget, signal: AbortSignal): Promise<Bmc>;
  /** The board itself, for what the port has no name for. Disposing it lets its session go. */
  openBoard(target: IpmiTarget, signal: AbortSignal): Promise<IpmiBoard & AsyncDisposable>;
  /**
   * Lets credentials that this BMC has rejected be tried again.
   * @param options `unpin`: also forget the cipher suite it agreed to, so that a weaker one may be agreed to
   */
  resetAuthentication(
    target: Pick<IpmiTarget, 'host' | 'port'>,
    options: { readonly unpin: boolean },
    signal: AbortSignal,
  ): Promise<void>;
  /** Sessions that are up now. */
  readonly sessions: number;
};

export function createIpmiBmcs(deps: IpmiDeps, options: IpmiOptions = {}): IpmiBmcs {
  const { clock, entropy, log } = deps;
  const settings = { ...IPMI_DEFAULTS, ...options };
  const links = createLinks(deps, settings.localAddress);
  const processKey = entropy.bytes(32);
  /** By address, credential and what else makes a session another one. Bounded by the BMCs in use: idle ones leave. */
  const boards = new Map<string, IpmiBoard>();
  const leaving = new Set<Promise<void>>();

  const dispose = async ({ keeper }: IpmiBoard): Promise<void> => await keeper[Symbol.asyncDispose]();

  function remove(key: string, board: IpmiBoard): void {
    if (boards.get(key) !== board) return;
    boards.delete(key);
    const gone = dispose(board).finally(() => leaving.delete(gone));
    leaving.add(gone);
  }

  async function boardOf(target: IpmiTarget, signal: AbortSignal): Promise<IpmiBoard> {
    const login = checkTarget(target);
    const link = links.to(await resolveTarget(target, signal));
    const credential = target.password.use((password) =>
      target.kg
        ? target.kg.use((kg) => credentialName(processKey, target.user, password, kg))
        : credentialName(processKey, target.user, password, undefined),
    );
    const key = `${link.name} ${credential} ${kindOf(login)}`;
    const present = boards.get(key);
    if (present !== undefined) return present;
    const secrets = { password: target.password.copy(), kg: target.kg?.copy(), credential };
    const board: IpmiBoard = createBoard({ clock, entropy, log, link }, { ...login, ...secrets }, settings, () =>
      remove(key, board),
    );
    boards.set(key, board);
    return board;
  }

  async function openBoard(target: IpmiTarget, signal: AbortSignal): Promise<IpmiBoard & AsyncDisposable> {
    const board = await boardOf(target, signal);
    const held = board.keeper.hold();
    return { ...board, [Symbol.asyncDispose]: async () => held[Symbol.dispose]() };
  }

  return {
    openBoard,
    open: async (target, signal) => createIpmiBmc({ clock, entropy, log }, await openBoard(target, signal), settings),
    async resetAuthentication(target, { unpin }, signal) {
      const { memory } = links.to(await resolveTarget(target, signal));
      memory.forgetRejections();
      if (unpin) memory.unpin();
    },
    get sessions() {
      return [...boards.values()].filter(({ keeper }) => keeper.up).length;
    },
    async [Symbol.asyncDispose]() {
      const open = [...boards.values()];
      boards.clear();
      await Promise.all(open.map(dispose));
      await Promise.all(leaving);
      await links[Symbol.asyncDispose]();
    },
  };
}

/** What besides address and credential makes a session another one. */
function kindOf({ version, suites, privilege, lookup, quirks }: IpmiLogin): string {
  return JSON.stringify([version, suites.map(({ id }) => id), privilege, lookup, [...quirks]]);
}
