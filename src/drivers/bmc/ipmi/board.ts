import type { SessionLogin } from './login/session-login.ts';
import type { IpmiSettings } from './options.ts';
import type { IpmiRequester } from './requester.ts';
import { createSdrCache, type SdrCache } from './sensors/sdr-cache.ts';
import { createSessionKeeper, type KeeperDeps, type SessionKeeper } from './session/session-keeper.ts';

/** One BMC under one credential: its session, and what is remembered of it. Shared by all who open it. */
export type IpmiBoard = {
  readonly name: string;
  readonly user: string;
  readonly port: number;
  readonly requester: IpmiRequester;
  readonly keeper: SessionKeeper;
  /** Its sensor data records, read again only when the controller says that they changed. */
  readonly sdrCache: SdrCache;
};

/** @param login its secrets are taken over and wiped when the keeper is disposed */
export function createBoard(
  deps: KeeperDeps,
  login: SessionLogin,
  settings: IpmiSettings,
  onIdle: () => void,
): IpmiBoard {
  const keeper = createSessionKeeper(deps, login, settings, onIdle);
  return {
    name: deps.link.name,
    port: deps.link.port,
    user: login.user,
    requester: keeper.requester,
    keeper,
    sdrCache: createSdrCache(),
  };
}
