import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../../command.ts';
import { NetFn } from '../../message.ts';
import { PrivilegeLevel } from '../../privilege-level.ts';

/** What the chassis does when mains power returns. @see IPMI v2.0 rev. 1.1 §28.2 */
export const PowerRestorePolicy = { stayOff: 0, restore: 1, powerUp: 2, unknown: 3 } as const;

export type GetChassisStatusResponse = {
  readonly powerOn: boolean;
  readonly powerOverload: boolean;
  readonly interlock: boolean;
  readonly powerFault: boolean;
  readonly powerControlFault: boolean;
  /** See {@link PowerRestorePolicy}. */
  readonly powerRestorePolicy: number;
  /** Bit mask of §28.2 byte 3: by IPMI command (4), fault (3), interlock (2), overload (1), AC failed (0). */
  readonly lastPowerEvent: number;
  /** Bit mask of §28.2 byte 4: identify (6, 5:4), fan fault (3), drive fault (2), lock-out (1), intrusion (0). */
  readonly miscellaneousState: number;
  /** Bit mask of §28.2 byte 5, optional. */
  readonly frontPanelButtons?: number;
};

/** What the last change of power came from, by name; several bits at once are possible. @see §28.2 byte 3 */
export type LastPowerEvent = {
  readonly acFailed: boolean;
  readonly powerOverload: boolean;
  readonly interlock: boolean;
  readonly powerFault: boolean;
  readonly poweredOnByCommand: boolean;
};

/** The identify light. `unknown`: the reserved value 11b. @see §28.2 byte 4 */
export type IdentifyState = 'off' | 'timed' | 'on' | 'unknown';

/** The miscellaneous chassis state, by name. @see §28.2 byte 4 */
export type MiscellaneousState = {
  readonly intrusion: boolean;
  readonly frontPanelLocked: boolean;
  readonly driveFault: boolean;
  readonly coolingFault: boolean;
  /** Absent: the chassis does not tell, whatever the other bits say. */
  readonly identify?: IdentifyState;
};

const identifyStates: readonly IdentifyState[] = ['off', 'timed', 'on', 'unknown'];

/** The bits of `lastPowerEvent`. @see IPMI v2.0 rev. 1.1 §28.2 byte 3 */
export function lastPowerEventOf(bits: number): LastPowerEvent {
  return {
    acFailed: (bits & 0x01) !== 0,
    powerOverload: (bits & 0x02) !== 0,
    interlock: (bits & 0x04) !== 0,
    powerFault: (bits & 0x08) !== 0,
    poweredOnByCommand: (bits & 0x10) !== 0,
  };
}

/** The byte for {@link lastPowerEventOf}. */
export function bitsOfLastPowerEvent(event: LastPowerEvent): number {
  return (
    (event.acFailed ? 0x01 : 0) |
    (event.powerOverload ? 0x02 : 0) |
    (event.interlock ? 0x04 : 0) |
    (event.powerFault ? 0x08 : 0) |
    (event.poweredOnByCommand ? 0x10 : 0)
  );
}

/** The bits of `miscellaneousState`. @see IPMI v2.0 rev. 1.1 §28.2 byte 4 */
export function miscellaneousStateOf(bits: number): MiscellaneousState {
  const state = {
    intrusion: (bits & 0x01) !== 0,
    frontPanelLocked: (bits & 0x02) !== 0,
    driveFault: (bits & 0x04) !== 0,
    coolingFault: (bits & 0x08) !== 0,
  };
  return (bits & 0x40) === 0 ? state : { ...state, identify: identifyStates[(bits >> 4) & 3] ?? 'unknown' };
}

/** The byte for {@link miscellaneousStateOf}. */
export function bitsOfMiscellaneousState(state: MiscellaneousState): number {
  return (
    (state.intrusion ? 0x01 : 0) |
    (state.frontPanelLocked ? 0x02 : 0) |
    (state.driveFault ? 0x04 : 0) |
    (state.coolingFault ? 0x08 : 0) |
    (state.identify === undefined ? 0 : 0x40 | (identifyStates.indexOf(state.identify) << 4))
  );
}

/**
 * Reads a Get Chassis Status response.
 *   0  power state       bit 0 on, 1 overload, 2 interlock, 3 fault, 4 control fault, 6:5 restore policy
 *   1  last power event
 *   2  miscellaneous chassis state
 *   3  front panel button capabilities, optional
 * @throws DecodeError when shorter than 3 bytes
 * @see IPMI v2.0 rev. 1.1 §28.2
 */
export function decodeGetChassisStatusResponse(reader: ByteReader): GetChassisStatusResponse {
  const power = reader.u8('current power state');
  const response = {
    powerOn: (power & 0x01) !== 0,
    powerOverload: (power & 0x02) !== 0,
    interlock: (power & 0x04) !== 0,
    powerFault: (power & 0x08) !== 0,
    powerControlFault: (power & 0x10) !== 0,
    powerRestorePolicy: (power >> 5) & 3,
    lastPowerEvent: reader.u8('last power event'),
    miscellaneousState: reader.u8('miscellaneous chassis state'),
  };
  return reader.left === 0 ? response : { ...response, frontPanelButtons: reader.u8('front panel buttons') };
}

/** Writes a Get Chassis Status response. @see IPMI v2.0 rev. 1.1 §28.2 */
export function encodeGetChassisStatusResponse(response: GetChassisStatusResponse, writer: ByteWriter): void {
  writer.u8(
    (response.powerOn ? 0x01 : 0) |
      (response.powerOverload ? 0x02 : 0) |
      (response.interlock ? 0x04 : 0) |
      (response.powerFault ? 0x08 : 0) |
      (response.powerControlFault ? 0x10 : 0) |
      (response.powerRestorePolicy << 5),
  );
  writer.u8(response.lastPowerEvent).u8(response.miscellaneousState);
  if (response.frontPanelButtons !== undefined) writer.u8(response.frontPanelButtons);
}

export function describeGetChassisStatusResponse(response: GetChassisStatusResponse): string {
  const fault = response.powerFault || response.powerControlFault ? ', power fault' : '';
  return `power ${response.powerOn ? 'on' : 'off'}${fault}`;
}

export const getChassisStatus: IpmiCommand<NoData, GetChassisStatusResponse> = {
  name: 'Get Chassis Status',
  netFn: NetFn.chassis,
  command: 0x01,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: encodeGetChassisStatusResponse,
  decodeResponse: decodeGetChassisStatusResponse,
};
