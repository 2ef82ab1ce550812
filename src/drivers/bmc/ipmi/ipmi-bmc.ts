import type { Bmc } from '../../../domain/ports/bmc.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { withDeadline } from '../../../foundation/deadline.ts';
import type { Entropy } from '../../../foundation/entropy.ts';
import type { Log } from '../../../foundation/log.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  getDeviceId,
} from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { getChassisStatus } from '../../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import type { IpmiBoard } from './board.ts';
import { readBootOverride, setBootOverride } from './chassis/boot-override.ts';
import { readChassis } from './chassis/chassis-report.ts';
import { identify } from './chassis/identify.ts';
import { sendPowerVerb } from './chassis/power.ts';
import { setPowerRestorePolicy } from './chassis/power-policy.ts';
import { readPowerWatts } from './chassis/power-reading.ts';
import { clearEventLog } from './event-log/clear-event-log.ts';
import { setEventLogClock } from './event-log/set-event-log-clock.ts';
import type { IpmiSettings } from './options.ts';
import { sendRaw } from './raw.ts';
import { readSensors } from './sensors/read-sensors.ts';
import { privilegeHint } from './session/session-privilege.ts';
import { keeperTransport } from './sol/keeper-transport.ts';
import { createSolConsole } from './sol/sol-console.ts';
import { readNamedEventLog, readNamedInventory } from './with-records.ts';

/** The {@link Bmc} port over IPMI. @param board let go when the BMC is disposed */
export function createIpmiBmc(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly log: Log },
  board: IpmiBoard & AsyncDisposable,
  { listingMs }: Pick<IpmiSettings, 'listingMs'>,
): Bmc {
  const { clock, log } = deps;
  const { requester, name, sdrCache } = board;
  const listing = <T>(what: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    withDeadline(clock, listingMs, signal, `read ${what} of BMC ${name}`, work);
  return {
    describe: `IPMI ${name} as "${board.user}"`,
    async identity(signal) {
      const device = await requester.ask(getDeviceId, undefined, signal);
      const { manufacturerId, productId } = device;
      return { manufacturerId, productId, firmware: formatFirmware(device), ipmiVersion: formatIpmiVersion(device) };
    },
    async powerState(signal) {
      return (await requester.ask(getChassisStatus, undefined, signal)).powerOn ? 'on' : 'off';
    },
    async power(verb, signal) {
      const hint = privilegeHint(board.user, board.keeper.maximumPrivilege);
      const outcome = await sendPowerVerb(requester, verb, hint, signal);
      log.info({ bmc: name, verb, outcome: outcome.kind }, 'power verb sent');
      return outcome;
    },
    setBootOverride: (override, signal) => setBootOverride(requester, override, signal),
    bootOverride: (signal) => readBootOverride(requester, signal),
    chassis: (signal) => listing('the chassis', signal, (inner) => readChassis(requester, readPowerWatts, inner)),
    identify: (light, signal) => identify(requester, light, signal),
    setPowerRestorePolicy: (policy, signal) => setPowerRestorePolicy(requester, policy, signal),
    sensors: (signal) => listing('the sensors', signal, (inner) => readSensors(requester, sdrCache, inner)),
    eventLog: (signal) => listing('the event log', signal, (inner) => readNamedEventLog(board, inner)),
    clearEventLog: (newest, signal) => clearEventLog({ requester, clock }, newest, signal),
    setClock: (at, signal) => setEventLogClock(requester, at, signal),
    inventory: (signal) => listing('the inventory', signal, (inner) => readNamedInventory(board, clock, inner)),
    raw: (command, signal) => sendRaw(requester, command, signal),
    console: (onEvent, options) => createSolConsole({ ...deps, open: keeperTransport(board) }, options, onEvent),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}
