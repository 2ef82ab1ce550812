// The published entry `bootwright/ipmi`: what it exports is its interface, documented in ipmi.md. Everything else in the
// package may change at any time.

export type {
  ChassisReport,
  EventLogReport,
  FruArea,
  FruInventory,
  Health,
  LogEntry,
  PowerEvent,
  PowerRestorePolicy,
  RawAnswer,
  SensorReading,
  SensorThresholds,
} from '../domain/hardware.ts';
export type {
  BootDevice,
  BootOverrideReport,
  IdentifyLight,
  PowerState,
  PowerVerb,
} from '../domain/ports/bmc.ts';
export type { SerialConsoleEvent, SerialConsoleOptions } from '../domain/ports/serial-console.ts';
export type { PowerResult, ReachPowerOptions } from '../drivers/bmc/ipmi/chassis/reach-power.ts';
export type { SuitePins } from '../drivers/bmc/ipmi/link/suite-pins.ts';
export type { IpmiOptions, IpmiPrivilege } from '../drivers/bmc/ipmi/options.ts';
export { type Quirk, quirks, type RequestedQuirk } from '../drivers/bmc/ipmi/quirks.ts';
export type { Reply } from '../drivers/bmc/ipmi/requester.ts';
export type { ChannelAccessReport, ChannelReport } from '../drivers/bmc/ipmi/settings/channels.ts';
export type { GuidReport } from '../drivers/bmc/ipmi/settings/guid.ts';
export type { LanCipherSuite, LanReport } from '../drivers/bmc/ipmi/settings/lan.ts';
export type { Ipv6AddressReport, Ipv6Report } from '../drivers/bmc/ipmi/settings/lan-ipv6.ts';
export type { SelfTestReport } from '../drivers/bmc/ipmi/settings/self-test.ts';
export type { UserReport, UsersReport } from '../drivers/bmc/ipmi/settings/users.ts';
export type { WatchdogReport } from '../drivers/bmc/ipmi/settings/watchdog.ts';
export { ByteReader } from '../foundation/bytes/byte-reader.ts';
export { ByteWriter } from '../foundation/bytes/byte-writer.ts';
export type { Clock } from '../foundation/clock.ts';
export type { Entropy } from '../foundation/entropy.ts';
export {
  AuthenticationError,
  ConfigError,
  ConflictError,
  DeadlineError,
  DecodeError,
  type ErrorDetails,
  InvalidRequestError,
  RefusedError,
  type Retry,
  ServiceError,
  UnreachableError,
} from '../foundation/errors.ts';
export type { Log, LogFields } from '../foundation/log.ts';
export type { Meter } from '../foundation/meter.ts';
export type { Udp, UdpBinding, UdpPeer, UdpReceiver, UdpSocket } from '../foundation/udp.ts';
export { type CipherSuite, cipherSuites, type SuiteAdmission } from '../protocols/ipmi/cipher-suites.ts';
export { decodeNoData, encodeNoData, type IpmiCommand, type NoData } from '../protocols/ipmi/command.ts';
export { RestartCause } from '../protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
export {
  type CommandCompletionCodes,
  CompletionCode,
  CompletionCodeError,
  describeCompletionCode,
} from '../protocols/ipmi/completion-code.ts';
export { NetFn } from '../protocols/ipmi/message.ts';
export { describePrivilegeLevel, PrivilegeLevel } from '../protocols/ipmi/privilege-level.ts';
export { describeRakpStatus, RakpStatus, RakpStatusError } from '../protocols/ipmi/rakp/status.ts';
export { describeSdrRecord, type SdrBody, type SdrRecord } from '../protocols/ipmi/sdr/sdr-record.ts';
export type { IpmiAccount, SecretSource, SecretValue } from './account.ts';
export type { CallOptions } from './calls.ts';
export type { BootOverrideWish, ChassisPart, RestartCauseReport } from './chassis-part.ts';
export type { OfferedCipherSuite } from './cipher-suite-list.ts';
export type { IpmiClient } from './client.ts';
export { IpmiClosedError } from './closed-error.ts';
export type { CommandCallOptions, CommandPart, RawRequest } from './command-part.ts';
export { commands } from './commands.ts';
export type { ConsoleOptions, ConsolePart, IpmiConsole } from './console-part.ts';
export type { ControllerPart, DeviceIdReport } from './controller-part.ts';
export { type CreateIpmiOptions, createIpmi, type Ipmi } from './create-ipmi.ts';
export type { PowerReading } from './power-reading.ts';
export type { RecordsPart } from './records-part.ts';
export type { ChannelCallOptions, SettingsPart } from './settings-part.ts';
