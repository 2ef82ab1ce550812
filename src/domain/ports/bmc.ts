import type {
  ChassisReport,
  EventLogReport,
  FruInventory,
  PowerRestorePolicy,
  RawAnswer,
  RawCommand,
  SensorReading,
} from '../hardware.ts';
import type { OpenSerialConsole } from './serial-console.ts';

/** What the domain needs from a management controller. IPMI, Redfish and the simulator satisfy it alike. */

export type PowerState = 'on' | 'off';

/** One chassis verb, each sent at most once per call. `soft-off` asks the operating system through ACPI. */
export type PowerVerb = 'on' | 'off' | 'soft-off' | 'cycle' | 'reset' | 'diag';

/**
 * What became of a verb: `accepted` by the controller; `refused` with its reason; `already` when the controller says the present state
 * does not allow it (IPMI completion code D5h on a host that is off); `silent` when bytes were sent and no answer came,
 * so that only the machine itself can tell.
 */
export type PowerOutcome =
  /** `evidence`: no answer came, and this shows that it was carried out all the same. */
  | { readonly kind: 'accepted'; readonly evidence?: string }
  | { readonly kind: 'already' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'silent'; readonly evidence?: string };

export type BootDevice = 'none' | 'pxe' | 'disk' | 'cdrom' | 'setup';

export type BootOverride = {
  readonly device: BootDevice;
  /** For every boot from now on, not only the next. */
  readonly persistent: boolean;
  /** Ask for UEFI boot; some controllers fall back to legacy otherwise. */
  readonly efi: boolean;
};

/** What the controller reads back after a set; some keep the device and lose the rest. */
export type BootOverrideReport = {
  readonly device: BootDevice | 'other';
  readonly valid: boolean;
  readonly persistent: boolean;
  readonly efi: boolean;
};

export type BmcIdentity = {
  readonly manufacturerId: number;
  readonly productId: number;
  readonly firmware: string;
  readonly ipmiVersion: string;
};

/** The identify light: off, on until switched off, or on for a number of seconds. */
export type IdentifyLight = 'off' | 'on' | { readonly seconds: number };

/**
 * One management controller. Every method waits at most its own deadline and throws AuthenticationError,
 * UnreachableError, RefusedError or DeadlineError. Reads never write, and may be repeated by the driver;
 * `power` and `setBootOverride` put their command on the wire once.
 */
export type Bmc = AsyncDisposable & {
  readonly describe: string;
  identity(signal: AbortSignal): Promise<BmcIdentity>;
  powerState(signal: AbortSignal): Promise<PowerState>;
  /** Sends the verb once and never again, whatever happens; session set-up before it may be repeated. */
  power(verb: PowerVerb, signal: AbortSignal): Promise<PowerOutcome>;
  /** Sets the override (and switches off the 60 s timer that would clear it), then reads it back. */
  setBootOverride(override: BootOverride, signal: AbortSignal): Promise<BootOverrideReport>;
  bootOverride(signal: AbortSignal): Promise<BootOverrideReport>;
  chassis(signal: AbortSignal): Promise<ChassisReport>;
  /** @param light 1 to 255 seconds */
  identify(light: IdentifyLight, signal: AbortSignal): Promise<void>;
  setPowerRestorePolicy(policy: Exclude<PowerRestorePolicy, 'unknown'>, signal: AbortSignal): Promise<void>;
  /** One sensor that cannot be read does not spoil the list. */
  sensors(signal: AbortSignal): Promise<readonly SensorReading[]>;
  eventLog(signal: AbortSignal): Promise<EventLogReport>;
  /**
   * Erases every entry.
   * @param newest id of the newest entry that has been read; null erases whatever is there
   * @throws ConflictError when there is a newer one, and nothing is erased
   */
  clearEventLog(newest: number | null, signal: AbortSignal): Promise<void>;
  /** Sets the event log's clock. @param at epoch milliseconds */
  setClock(at: number, signal: AbortSignal): Promise<void>;
  inventory(signal: AbortSignal): Promise<readonly FruInventory[]>;
  /** Sends bytes once; only controllers that have such commands offer it. */
  readonly raw?: (command: RawCommand, signal: AbortSignal) => Promise<RawAnswer>;
  /** The machine's serial console; only controllers that have one offer it. */
  readonly console?: OpenSerialConsole;
};
