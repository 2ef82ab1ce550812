import type { Clock } from '../../foundation/clock.ts';
import {
  type GetSelfTestResultsResponse,
  SelfTestResult,
} from '../../protocols/ipmi/commands/application/get-self-test-results.ts';
import {
  type GetWatchdogTimerResponse,
  WatchdogUse,
} from '../../protocols/ipmi/commands/application/get-watchdog-timer.ts';
import { PowerRestorePolicy } from '../../protocols/ipmi/commands/chassis/get-chassis-status.ts';
import type { Chassis } from './chassis.ts';
import { createIdentifyLight, type IdentifyLight } from './identify-light.ts';
import { defaultLanSettings, type LanSettings } from './lan-settings.ts';
import { createPowerRecord, type PowerRecord, type PowerRecordOptions } from './power-record.ts';

export type BmcSettingsOptions = PowerRecordOptions & {
  /** See PowerRestorePolicy. Default: stay off. */
  readonly powerRestorePolicy?: number;
  /** Whether the identify light can be forced on. Default true. */
  readonly forceIdentify?: boolean;
  /** Default: passed. */
  readonly selfTest?: GetSelfTestResultsResponse;
  /** Default: never started. */
  readonly watchdog?: Partial<GetWatchdogTimerResponse>;
  /** 16 bytes. Default: the system's. */
  readonly deviceGuid?: Buffer;
  readonly lan?: Partial<LanSettings>;
  /** How long it is silent after a reset of its own. Default 5 s. */
  readonly resetMs?: number;
};

/** What a controller keeps beside its sessions: of its chassis, and of itself. */
export type BmcSettings = {
  readonly identify: IdentifyLight;
  readonly power: PowerRecord;
  /** See PowerRestorePolicy. */
  powerRestorePolicy: number;
  readonly forceIdentify: boolean;
  readonly selfTest: GetSelfTestResultsResponse;
  readonly watchdog: GetWatchdogTimerResponse;
  readonly deviceGuid: Buffer | undefined;
  readonly lan: LanSettings;
  readonly resetMs: number;
};

const STOPPED_WATCHDOG: GetWatchdogTimerResponse = {
  dontLog: false,
  running: false,
  timerUse: WatchdogUse.smsOs,
  preTimeoutInterrupt: 0,
  timeoutAction: 0,
  preTimeoutSeconds: 0,
  expirationFlags: 0,
  initialCountdown: 0,
  presentCountdown: 0,
};

/** @param address that the controller is reached under */
export function createBmcSettings(
  clock: Clock,
  chassis: Chassis,
  address: string,
  options: BmcSettingsOptions = {},
): BmcSettings {
  return {
    identify: createIdentifyLight(clock),
    power: createPowerRecord(clock, chassis, options),
    powerRestorePolicy: options.powerRestorePolicy ?? PowerRestorePolicy.stayOff,
    forceIdentify: options.forceIdentify ?? true,
    selfTest: options.selfTest ?? { result: SelfTestResult.passed, detail: 0 },
    watchdog: { ...STOPPED_WATCHDOG, ...options.watchdog },
    deviceGuid: options.deviceGuid,
    lan: { ...defaultLanSettings(address), ...options.lan },
    resetMs: options.resetMs ?? 5_000,
  };
}
