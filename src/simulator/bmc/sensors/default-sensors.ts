import { Linearization } from '../../../protocols/ipmi/sdr/conversion.ts';
import { AnalogDataFormat, Unit } from '../../../protocols/ipmi/sdr/sensor-units.ts';
import { encodeText, TextCoding } from '../../../protocols/ipmi/type-length.ts';
import { analogSensor, readingFactors } from './analog-sensor.ts';
import { discreteSensor, eventOnlySensor } from './discrete-sensor.ts';
import type { FactorsByReading, SensorDefinition } from './sensor-model.ts';

/** Entities of this board. @see IPMI v2.0 rev. 1.1 §43.14, Table 43-13 */
const Entity = {
  processor: 3,
  disk: 4,
  systemBoard: 7,
  powerSupply: 10,
  chassis: 23,
  fan: 29,
  battery: 40,
  airInlet: 64,
};

/** Sensor types of this board. @see IPMI v2.0 rev. 1.1 §42.2, Table 42-3 */
const Type = {
  temperature: 0x01,
  voltage: 0x02,
  current: 0x03,
  fan: 0x04,
  physicalSecurity: 0x05,
  processor: 0x07,
  powerSupply: 0x08,
  coolingDevice: 0x0a,
  otherUnits: 0x0b,
  driveSlot: 0x0d,
  criticalInterrupt: 0x13,
  systemBootInitiated: 0x1d,
  acpiPowerState: 0x22,
  watchdog2: 0x23,
} as const;

/** Generic "device absent, device present". @see §42.1, Table 42-2 */
const DEVICE_PRESENCE = 0x08;

/** A thermistor: 1 degree a count up to 100, then half a degree. The second piece meets the first at 100 degrees. */
const thermistor: FactorsByReading = (raw) =>
  raw < 100
    ? { factors: readingFactors(1), nextReading: 100 }
    : { factors: readingFactors(5, 50, 1, -1), nextReading: raw };

/**
 * The sensors of a small server with two processors, two fans and two power supplies: every kind of record and number
 * that boards use, with its processor 1 just below its first limit.
 */
export function defaultSensors(): readonly SensorDefinition[] {
  return [
    ...controller(),
    ...temperatures(),
    ...fans(),
    ...voltages(),
    ...power(),
    ...oddities(),
    ...discrete(),
    ...silent(),
  ];
}

function temperatures(): readonly SensorDefinition[] {
  const temperature = { type: Type.temperature, unit: Unit.degreesC };
  const cpu = {
    ...temperature,
    thresholds: { upperNonCritical: 85, upperCritical: 95, upperNonRecoverable: 100 },
  };
  return [
    analogSensor({
      ...temperature,
      name: 'Inlet Temp',
      number: 0x01,
      entity: [Entity.airInlet, 1],
      format: AnalogDataFormat.twosComplement,
      thresholds: { lowerCritical: -7, lowerNonCritical: 3, upperNonCritical: 42, upperCritical: 47 },
      value: 23,
    }),
    analogSensor({ ...cpu, name: 'CPU 1 Temp', number: 0x02, entity: [Entity.processor, 1], value: 84 }),
    analogSensor({ ...cpu, name: 'CPU 2 Temp', number: 0x03, entity: [Entity.processor, 2], value: 61 }),
    analogSensor({
      ...temperature,
      name: 'CPU 1 Margin',
      number: 0x04,
      entity: [Entity.processor, 1],
      format: AnalogDataFormat.twosComplement,
      value: -16,
    }),
    analogSensor({
      ...temperature,
      name: 'Cold Plate Delta',
      number: 0x05,
      entity: [Entity.systemBoard, 1],
      format: AnalogDataFormat.onesComplement,
      value: -3,
    }),
  ];
}

function fans(): readonly SensorDefinition[] {
  const fan = {
    type: Type.fan,
    unit: Unit.rpm,
    factors: [75, 0, 0, 0],
    thresholds: { lowerNonRecoverable: 300, lowerCritical: 600, lowerNonCritical: 900 },
  } as const;
  return [
    analogSensor({
      ...fan,
      name: 'FAN 1',
      number: 0x10,
      entity: [Entity.fan, 1],
      value: 8_400,
    }),
    analogSensor({
      ...fan,
      name: 'FAN 2',
      number: 0x11,
      entity: [Entity.fan, 2],
      value: 8_250,
    }),
    discreteSensor({
      name: 'Fan Presence ',
      number: 0x12,
      count: 2,
      type: Type.fan,
      eventReadingType: DEVICE_PRESENCE,
      entity: [Entity.fan, 1],
      states: [1],
    }),
  ];
}

function voltages(): readonly SensorDefinition[] {
  const voltage = { type: Type.voltage, unit: Unit.volts, entity: [Entity.systemBoard, 1] } as const;
  return [
    analogSensor({
      ...voltage,
      name: 'P12V',
      number: 0x20,
      factors: [63, 0, 0, -3],
      thresholds: { lowerCritical: 10.71, lowerNonCritical: 10.962, upperNonCritical: 12.978, upperCritical: 13.23 },
      value: 11.97,
    }),
    analogSensor({
      ...voltage,
      name: 'P1V05',
      number: 0x21,
      // (3x + 70·10)·10^-3 V: an offset with an exponent of its own.
      factors: [3, 70, 1, -3],
      thresholds: { lowerCritical: 0.94, lowerNonCritical: 0.97, upperNonCritical: 1.12, upperCritical: 1.15 },
      value: 1.051,
    }),
    analogSensor({
      ...voltage,
      name: 'N5V',
      number: 0x22,
      factors: [-2, -20, 1, -2],
      value: -5.04,
    }),
    analogSensor({
      ...voltage,
      name: 'VBAT',
      number: 0x23,
      entity: [Entity.battery, 1],
      factors: [15, 0, 0, -3],
      thresholds: { lowerCritical: 2.4, lowerNonCritical: 2.7 },
      value: 3.06,
    }),
  ];
}

function power(): readonly SensorDefinition[] {
  const supply = { entity: [Entity.powerSupply, 1] } as const;
  return [
    analogSensor({
      ...supply,
      name: 'PS1 Input Power',
      number: 0x30,
      type: Type.otherUnits,
      unit: Unit.watts,
      factors: [4, 0, 0, 0],
      thresholds: { upperNonCritical: 560, upperCritical: 640 },
      value: 248,
    }),
    analogSensor({
      ...supply,
      name: 'PS1 Current',
      number: 0x31,
      type: Type.current,
      unit: Unit.amps,
      factors: [4, 0, 0, -2],
      value: 1.08,
    }),
    analogSensor({
      name: 'CPU Usage',
      number: 0x32,
      type: Type.processor,
      unit: Unit.unspecified,
      percentage: true,
      entity: [Entity.processor, 1],
      value: 37,
    }),
  ];
}

/** Sensors whose values do not grow evenly with their readings. */
function oddities(): readonly SensorDefinition[] {
  return [
    analogSensor({
      name: 'Airflow',
      number: 0x38,
      type: Type.coolingDevice,
      unit: Unit.cfm,
      entity: [Entity.chassis, 1],
      linearization: Linearization.squareRoot,
      factors: [25, 0, 0, 1],
      value: 150,
    }),
    analogSensor({
      name: 'VRM Thermistor',
      number: 0x39,
      type: Type.temperature,
      unit: Unit.degreesC,
      entity: [Entity.systemBoard, 1],
      linearization: Linearization.nonLinear,
      factorsByReading: thermistor,
      thresholds: { upperNonCritical: 90, upperCritical: 120 },
      value: 71,
    }),
  ];
}

function discrete(): readonly SensorDefinition[] {
  const supply = { type: Type.powerSupply, states: [0] };
  return [
    discreteSensor({ ...supply, name: 'PS1 Status', number: 0x40, entity: [Entity.powerSupply, 1] }),
    discreteSensor({ ...supply, name: 'PS2 Status', number: 0x41, entity: [Entity.powerSupply, 2] }),
    discreteSensor({ name: 'Drive 0', number: 0x42, type: Type.driveSlot, entity: [Entity.disk, 1], states: [0] }),
    discreteSensor({ name: 'Watchdog', number: 0x43, type: Type.watchdog2, entity: [Entity.systemBoard, 1] }),
    discreteSensor({ name: 'Intrusion', number: 0x44, type: Type.physicalSecurity, entity: [Entity.chassis, 1] }),
    discreteSensor({
      name: 'CPU 1 Status',
      number: 0x45,
      type: Type.processor,
      entity: [Entity.processor, 1],
      states: [7],
    }),
  ];
}

/** Sensors that only log; the event log's entries of power and boot name them. */
function silent(): readonly SensorDefinition[] {
  const board = { entity: [Entity.systemBoard, 1] } as const;
  return [
    eventOnlySensor({ ...board, name: 'ACPI State', number: 0x80, type: Type.acpiPowerState }),
    eventOnlySensor({ ...board, name: 'System Boot', number: 0x81, type: Type.systemBootInitiated }),
    eventOnlySensor({ ...board, name: 'Critical Int', number: 0x82, type: Type.criticalInterrupt }),
  ];
}

/** What the board is made of. */
function controller(): readonly SensorDefinition[] {
  const none = { id: 0, instance: 0 };
  return [
    {
      body: {
        kind: 'management-controller-device-locator',
        slaveAddress: 0x20,
        channel: 0,
        powerStateAndInitialization: 0,
        // Chassis, FRU inventory, event log, sensor data records, sensors.
        capabilities: 0x8f,
        entityId: Entity.systemBoard,
        entityInstance: 1,
        oem: 0,
        name: encodeText('Simulated BMC', TextCoding.eightBit),
      },
    },
    {
      body: {
        kind: 'fru-device-locator',
        accessAddress: 0x20,
        deviceId: 0,
        logical: true,
        lun: 0,
        bus: 0,
        channel: 0,
        // FRU inventory device behind a management controller, IPMI FRU inventory. @see §43.13, Table 43-12
        deviceType: 0x10,
        deviceTypeModifier: 0x00,
        entityId: Entity.systemBoard,
        entityInstance: 1,
        oem: 0,
        name: encodeText('Mainboard', TextCoding.eightBit),
      },
    },
    {
      body: {
        kind: 'entity-association',
        container: { id: Entity.systemBoard, instance: 1 },
        flags: 0,
        contained: [{ id: Entity.processor, instance: 1 }, { id: Entity.processor, instance: 2 }, none, none],
      },
    },
  ];
}
