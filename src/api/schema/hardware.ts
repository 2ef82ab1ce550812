import { z } from 'zod';
import type { SensorReading } from '../../domain/hardware.ts';
import type { BootOverride, IdentifyLight } from '../../domain/ports/bmc.ts';
import { timestamp } from './common.ts';

/** What a machine's management controller tells, and what may be asked of it. Numbers name their unit here. */

export const healthSchema = z
  .enum(['non-recoverable', 'critical', 'warning', 'ok', 'unknown'])
  .describe('Worst first. unknown: there is no reading, or it says nothing about health.');

export const powerSchema = z.strictObject({ power: z.enum(['on', 'off']) });

const restorePolicy = z.enum(['stay-off', 'restore', 'power-up']);

export const chassisSchema = z
  .strictObject({
    power: z.enum(['on', 'off']),
    powerFault: z.boolean().describe('The main power subsystem has a fault.'),
    powerControlFault: z.boolean().describe('The controller could not switch power on or off.'),
    powerOverload: z.boolean().describe('Power was cut because of an overload.'),
    interlock: z.boolean().describe('Power is off because a panel interlock is open.'),
    restorePolicy: z
      .enum([...restorePolicy.options, 'unknown'])
      .describe('What the machine does when mains power returns.'),
    lastPowerEvents: z
      .array(z.enum(['ac-failed', 'overload', 'interlock', 'fault', 'by-command']))
      .describe('What the last change of power came from; several at once are possible.'),
    intrusion: z.boolean().describe('The chassis was opened.'),
    frontPanelLocked: z.boolean().describe('The buttons of the front panel are locked.'),
    driveFault: z.boolean(),
    coolingFault: z.boolean().describe('A cooling or fan fault.'),
    identify: z.enum(['off', 'timed', 'on']).nullable().describe('The identify light; null where it is not told.'),
    restartCause: z.string().nullable().describe('Why the system last restarted; null where it is not told.'),
    powerOnHours: z.number().nullable().describe("Hours with power on since the counter's last reset; null: not told."),
    powerWatts: z.number().nullable().describe('Power drawn now, watts; null where it is not told.'),
  })
  .describe('State of the chassis, as the controller tells it.');

const threshold = z.number().nullable();

export const sensorSchema = z
  .strictObject({
    name: z.string(),
    number: z.int().describe("The controller's number of it, unique together with `owner` and `lun`."),
    owner: z.int(),
    lun: z.int(),
    type: z.string().describe('Temperature, Fan, Power Supply, …'),
    entity: z.string().describe('The part that it belongs to: processor 1.'),
    kind: z.enum(['threshold', 'discrete']),
    value: z.number().nullable().describe('In `unit`; null for discrete sensors and where there is no reading.'),
    unit: z.string().nullable().describe('degrees C, RPM, V; null for discrete sensors.'),
    states: z.array(z.string()).describe('The states asserted now, threshold crossings among them.'),
    health: healthSchema,
    thresholds: z
      .strictObject({
        lowerNonRecoverable: threshold,
        lowerCritical: threshold,
        lowerNonCritical: threshold,
        upperNonCritical: threshold,
        upperCritical: threshold,
        upperNonRecoverable: threshold,
      })
      .nullable()
      .describe('In `unit`; null: not set. Discrete sensors have none.'),
    unavailable: z.string().nullable().describe('Why there is no reading, where there is none.'),
  })
  .describe('One sensor with its reading.');

export const sensorsSchema = z.strictObject({ items: z.array(sensorSchema).describe('Worst health first.') });

export const sensorsQuery = z.strictObject({
  type: z.exactOptional(z.string().min(1).max(100)).describe('Only of this type, case ignored: temperature.'),
  problems: z
    .exactOptional(z.enum(['true', 'false']).transform((text) => text === 'true'))
    .describe('true: only with a health of warning or worse.'),
});

export const logEntrySchema = z
  .strictObject({
    id: z.int(),
    at: timestamp.nullable().describe("By the controller's clock; null: no time, or made before its clock was set."),
    source: z.string().describe('Name of the sensor where it is known.'),
    text: z.string(),
    health: healthSchema,
    raw: z.string().describe('The whole record, hexadecimal.'),
  })
  .describe("One entry of the controller's event log.");

export const eventLogSchema = z
  .strictObject({
    items: z.array(logEntrySchema).describe('Newest last.'),
    next: z.int().nullable().describe('`after` of the next page; null when there is none yet.'),
    total: z.int().describe('Entries in the log.'),
    freeBytes: z.number().nullable().describe('Room left in the log, bytes; null where it is not told.'),
    overflow: z.boolean().describe('Entries were lost because the log was full.'),
    clockAt: timestamp.nullable().describe("The controller's clock when the log was read; null where it is not set."),
  })
  .describe("A page of the controller's event log.");

/** Record ids have 16 bits, so the largest page is a whole log. */
const LARGEST_LOG_PAGE = 65_535;

export const eventLogQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LARGEST_LOG_PAGE)
    .default(1000)
    .describe('Entries of a page, 1 to 65535. Default 1000.'),
  after: z
    .exactOptional(z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER))
    .describe(
      'The page right after the entry of this id, by place in the log; when it is no longer there, the log from its beginning. Absent: the newest entries.',
    ),
});

export const erasedLogSchema = z
  .strictObject({ erased: z.array(logEntrySchema).describe('Every entry that was in the log, newest last.') })
  .describe('What was erased; it is kept nowhere else.');

/** The log's clock counts seconds in 32 bits, and its lowest values mean "since the controller started". */
const EARLIEST_CLOCK = Date.UTC(2000, 0, 1);
const LATEST_CLOCK = Date.UTC(2106, 0, 1);

export const clockOrderSchema = z.strictObject({
  at: z
    .exactOptional(
      z.iso
        .datetime({ offset: true, error: 'must be a time like 2026-01-31T12:00:00Z' })
        .refine((text) => Date.parse(text) >= EARLIEST_CLOCK && Date.parse(text) < LATEST_CLOCK, {
          error: 'must be a time in the years 2000 to 2105',
        }),
    )
    .describe("ISO 8601 with zone, years 2000 to 2105. Absent: the service's own time."),
});

export const clockSetSchema = z.strictObject({ clockAt: timestamp.describe('What the clock was set to.') });

const fruArea = z
  .record(z.string(), z.string())
  .nullable()
  .describe('By the name of the field: Part Number. null: there is no such area.');

export const fruSchema = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    chassis: fruArea,
    board: fruArea,
    product: fruArea,
    problems: z.array(z.string()).describe('What could not be read, and why.'),
  })
  .describe('What is written on one replaceable part.');

export const inventorySchema = z.strictObject({ items: z.array(fruSchema) });

const wrongLight = { error: 'must be "on", "off" or a whole number of seconds, 1 to 255' };

export const identifySchema = z.strictObject({
  light: z
    .union([z.enum(['on', 'off']), z.int().min(1, wrongLight).max(255, wrongLight)], wrongLight)
    .describe('on until switched off, off, or on for 1 to 255 seconds.'),
});

export const bootOverrideOrderSchema = z
  .strictObject({
    device: z.enum(['none', 'pxe', 'disk', 'cdrom', 'setup']).describe('none: no override; setup: firmware set-up.'),
    persistent: z.boolean().default(false).describe('For every boot from now on, not only the next. Default false.'),
    efi: z.boolean().default(false).describe('Ask for UEFI boot. Default false.'),
  })
  .describe('Where the firmware is asked to boot from.');

const overrideRead = {
  device: z.enum(['none', 'pxe', 'disk', 'cdrom', 'setup', 'other']),
  valid: z.boolean().describe('Whether the override counts for the next boot.'),
  persistent: z.boolean(),
  efi: z.boolean(),
};

export const bootOverrideSchema = z.strictObject(overrideRead).describe('The boot override, as it reads back.');

export const bootOverrideSetSchema = z
  .strictObject({
    ...overrideRead,
    stuck: z.boolean().describe('Everything asked for reads back; some controllers keep the device and lose the rest.'),
  })
  .describe('The boot override, as it reads back after it was set.');

export const restorePolicySchema = z.strictObject({
  policy: restorePolicy.describe('stay-off, restore what it was before, or power-up.'),
});

/** The longest command that is taken, bytes: more does not fit in one message of the protocol. */
const MOST_RAW_BYTES = 255;

export const rawCommandSchema = z
  .strictObject({
    netFn: z
      .int()
      .min(0)
      .max(62)
      .refine((value) => value % 2 === 0, { error: 'must be even: odd ones are those of answers' })
      .describe('Network function, 0 to 62, even.'),
    lun: z.int().min(0).max(3).default(0).describe('Logical unit, 0 to 3. Default 0.'),
    command: z.int().min(0).max(255),
    data: z
      .string()
      .regex(/^([0-9a-fA-F]{2})*$/, { error: 'must be hexadecimal, two digits a byte' })
      .max(2 * MOST_RAW_BYTES, { error: `must be ${MOST_RAW_BYTES} bytes at most` })
      .default('')
      .describe(`Request data, hexadecimal, up to ${MOST_RAW_BYTES} bytes. Default none.`),
  })
  .describe('A command as bytes.');

export const rawAnswerSchema = z
  .discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('answered'),
      completionCode: z.int().describe('0: completed normally.'),
      meaning: z.string().describe('The completion code in words.'),
      data: z.string().describe('Response data after the completion code, hexadecimal.'),
    }),
    z.strictObject({
      outcome: z.literal('unknown').describe('Sent once, and no answer came: whether it was carried out is not known.'),
    }),
  ])
  .describe('What became of a raw command.');

// What passes here is what the domain calls it; a difference fails the type check.
export const bootOverrideOrderCheck: z.ZodType<BootOverride> = bootOverrideOrderSchema;
export const lightCheck: z.ZodType<Exclude<IdentifyLight, object> | number> = identifySchema.shape.light;
export const sensorKeysCheck: Readonly<Record<keyof SensorReading, z.ZodType>> = sensorSchema.shape;

export type HealthBody = z.infer<typeof healthSchema>;
export type PowerBody = z.infer<typeof powerSchema>;
export type ChassisBody = z.infer<typeof chassisSchema>;
export type SensorBody = z.infer<typeof sensorSchema>;
export type SensorsBody = z.infer<typeof sensorsSchema>;
export type LogEntryBody = z.infer<typeof logEntrySchema>;
export type EventLogBody = z.infer<typeof eventLogSchema>;
export type ErasedLogBody = z.infer<typeof erasedLogSchema>;
export type ClockSetBody = z.infer<typeof clockSetSchema>;
export type FruBody = z.infer<typeof fruSchema>;
export type InventoryBody = z.infer<typeof inventorySchema>;
export type IdentifyBody = z.infer<typeof identifySchema>;
export type BootOverrideOrderBody = z.input<typeof bootOverrideOrderSchema>;
export type BootOverrideBody = z.infer<typeof bootOverrideSchema>;
export type BootOverrideSetBody = z.infer<typeof bootOverrideSetSchema>;
export type RestorePolicyBody = z.infer<typeof restorePolicySchema>;
export type RawCommandBody = z.input<typeof rawCommandSchema>;
export type RawAnswerBody = z.infer<typeof rawAnswerSchema>;
