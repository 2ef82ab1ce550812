import { createBootOptions } from '../../../../src/simulator/bmc/boot-options.ts';
import { type Chassis, createPlainChassis } from '../../../../src/simulator/bmc/chassis.ts';
import type { CommandContext } from '../../../../src/simulator/bmc/command-handler.ts';
import { createSessionTable, DEFAULT_LIMITS } from '../../../../src/simulator/bmc/session-table.ts';
import { type BmcSettingsOptions, createBmcSettings } from '../../../../src/simulator/bmc/settings.ts';
import type { SimulatedUser } from '../../../../src/simulator/bmc/users.ts';
import { createDirectRequester, type DirectRequester } from '../../../support/direct-requester.ts';
import { createManualClock, type ManualClock } from '../../../support/manual-clock.ts';
import { createSeededEntropy } from '../seeded-entropy.ts';

export const never = new AbortController().signal;

/** A simulated controller without network, and the requester that asks it. */
export type Controller = {
  readonly requester: DirectRequester;
  readonly clock: ManualClock;
  readonly chassis: Chassis;
  /** How often the controller was restarted, and for how long, milliseconds. */
  readonly restarts: readonly number[];
};

export function createController(
  options: {
    readonly poweredOn?: boolean;
    readonly settings?: BmcSettingsOptions;
    readonly users?: readonly SimulatedUser[];
    readonly manufacturerId?: number;
    readonly parts?: Partial<CommandContext>;
  } = {},
): Controller {
  const clock = createManualClock();
  const chassis = createPlainChassis({ poweredOn: options.poweredOn ?? false });
  const restarts: number[] = [];
  const requester = createDirectRequester({
    clock,
    chassis,
    bootOptions: createBootOptions(clock, chassis, never),
    settings: createBmcSettings(clock, chassis, '192.0.2.7', options.settings),
    sessions: createSessionTable(clock, createSeededEntropy('controller'), DEFAULT_LIMITS, () => undefined),
    users: [...(options.users ?? [{ name: 'admin', password: 'secret', privilege: 4 }])],
    cipherSuites: [3, 17],
    suitePrivileges: {},
    ipmi15: 'off',
    guid: Buffer.alloc(16, 0xa5),
    device: {
      deviceId: 0x20,
      deviceRevision: 1,
      providesDeviceSdrs: false,
      updateInProgress: false,
      firmwareMajor: 1,
      firmwareMinor: 7,
      ipmiVersion: 2,
      additionalDeviceSupport: 0x80,
      manufacturerId: options.manufacturerId ?? 0,
      productId: 0,
    },
    acted: () => undefined,
    restart: (silentMs) => void restarts.push(silentMs),
    ...options.parts,
  });
  return { requester, clock, chassis, restarts };
}
