/** What a management controller tells of its machine. IPMI and Redfish fill the same shapes; null is "not told". */

/** What the machine does when mains power returns. */
export type PowerRestorePolicy = 'stay-off' | 'restore' | 'power-up' | 'unknown';

export type PowerEvent = 'ac-failed' | 'overload' | 'interlock' | 'fault' | 'by-command';

export type ChassisReport = {
  readonly power: 'on' | 'off';
  readonly powerFault: boolean;
  readonly powerControlFault: boolean;
  readonly powerOverload: boolean;
  readonly interlock: boolean;
  readonly restorePolicy: PowerRestorePolicy;
  /** What the last change of power came from; several at once are possible. */
  readonly lastPowerEvents: readonly PowerEvent[];
  readonly intrusion: boolean;
  readonly frontPanelLocked: boolean;
  readonly driveFault: boolean;
  readonly coolingFault: boolean;
  readonly identify: 'off' | 'timed' | 'on' | null;
  /** Why the system last restarted, in the specification's words; null where the controller does not tell. */
  readonly restartCause: string | null;
  /** Hours with power on since the counter's last reset. */
  readonly powerOnHours: number | null;
  /** Power drawn now, watts. */
  readonly powerWatts: number | null;
};

/** Worst first: what a list of sensors is sorted and coloured by. */
export type Health = 'non-recoverable' | 'critical' | 'warning' | 'ok' | 'unknown';

export type SensorThresholds = {
  readonly lowerNonRecoverable: number | null;
  readonly lowerCritical: number | null;
  readonly lowerNonCritical: number | null;
  readonly upperNonCritical: number | null;
  readonly upperCritical: number | null;
  readonly upperNonRecoverable: number | null;
};

export type SensorReading = {
  readonly name: string;
  /** The controller's number of it, unique together with `owner` and `lun`. */
  readonly number: number;
  readonly owner: number;
  readonly lun: number;
  /** "Temperature", "Fan", "Power Supply". */
  readonly type: string;
  /** "processor 1": the part that it belongs to. */
  readonly entity: string;
  readonly kind: 'threshold' | 'discrete';
  /** In `unit`; null for discrete sensors and where no reading is to be had. */
  readonly value: number | null;
  /** "degrees C", "RPM", "V"; null for discrete sensors. */
  readonly unit: string | null;
  /** The states asserted now, in the specification's words; threshold crossings among them. */
  readonly states: readonly string[];
  readonly health: Health;
  /** Null for discrete sensors. */
  readonly thresholds: SensorThresholds | null;
  /** Why there is no reading, where there is none: "scanning disabled", "no such sensor (CBh)". */
  readonly unavailable: string | null;
};

/** One entry of the controller's event log. */
export type LogEntry = {
  readonly id: number;
  /** Epoch milliseconds by the controller's clock; null where the entry has no time or was made before the clock was set. */
  readonly at: number | null;
  /** Name of the sensor where it is known, else "Temperature 30h". */
  readonly source: string;
  /** "Upper Critical going high asserted, reading 92 degrees C, threshold 90 degrees C". */
  readonly text: string;
  readonly health: Health;
  /** The whole record, hexadecimal. */
  readonly raw: string;
};

export type EventLogReport = {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  readonly freeBytes: number | null;
  /** Entries were lost because the log was full. */
  readonly overflow: boolean;
  /** The controller's clock, epoch milliseconds; null where it is not set. */
  readonly clockAt: number | null;
};

export type FruArea = Readonly<Record<string, string>>;

/** What is written on one replaceable part. */
export type FruInventory = {
  readonly id: number;
  /** From the controller's list of parts; "device 0" without one. */
  readonly name: string;
  /** By the field's name in the specification: "Part Number"; own fields as "Custom 1". Null: there is no such area. */
  readonly chassis: FruArea | null;
  readonly board: FruArea | null;
  readonly product: FruArea | null;
  /** What could not be read, and why; the rest is told all the same. */
  readonly problems: readonly string[];
};

/** A command as bytes, for what has no name here. */
export type RawCommand = {
  /** 0 to 62, even. */
  readonly netFn: number;
  /** 0 to 3. */
  readonly lun: number;
  readonly command: number;
  readonly data: Buffer;
};

export type RawAnswer =
  | { readonly kind: 'answered'; readonly completionCode: number; readonly meaning: string; readonly data: Buffer }
  /** Sent once, and no answer came: whether it was carried out is not known. */
  | { readonly kind: 'silent' };
