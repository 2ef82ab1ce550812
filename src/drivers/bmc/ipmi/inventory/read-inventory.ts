import type { FruArea, FruInventory } from '../../../../domain/hardware.ts';
import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import { getFruInventoryAreaInfo } from '../../../../protocols/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { CompletionCode, describeCompletionCode } from '../../../../protocols/ipmi/completion-code.ts';
import { infoAreaTexts } from '../../../../protocols/ipmi/fru/area-texts.ts';
import {
  decodeFruCommonHeader,
  FRU_HEADER_BYTES,
  type FruCommonHeader,
} from '../../../../protocols/ipmi/fru/common-header.ts';
import { commonHeaderFault, commonHeaderProblems } from '../../../../protocols/ipmi/fru/fru-image.ts';
import { decodeInfoArea, type InfoAreaKind, infoAreaBytes } from '../../../../protocols/ipmi/fru/info-area.ts';
import type { IpmiRequester } from '../requester.ts';
import { createFruDevice, type FruDevice } from './fru-device.ts';

/** A FRU device of the controller, as its sensor data repository names it. */
export type FruLocator = { readonly id: number; readonly name: string };

/** The controller's own inventory, there by the book with or without a locator. @see IPMI v2.0 rev. 1.1 §38 */
const OWN_DEVICE: FruLocator = { id: 0, name: 'device 0' };

/** Refusals that mean "there is no such device", or no inventories at all. */
const absent: ReadonlySet<number> = new Set([
  CompletionCode.invalidCommand,
  CompletionCode.parameterOutOfRange,
  CompletionCode.notPresent,
  CompletionCode.invalidDataField,
  CompletionCode.illegalForSensorOrRecord,
]);

/** Read first of each area: enough for its length, and a whole chunk anyway. */
const AREA_HEAD_BYTES = 32;

type Deps = { readonly requester: IpmiRequester; readonly clock: Clock };

/**
 * Reads what is written on the machine's parts: of each FRU device its chassis, board and product areas, and nothing
 * else, since internal use and multirecord areas can be long and are not shown. Device 0 is asked for in any case, and
 * left out when it is not there and no locator names it; a device that a locator names is always told, with its problem.
 * @throws UnreachableError and what session set-up throws; never for what one device answers
 * @see IPMI v2.0 rev. 1.1 §34; Platform Management FRU Information Storage Definition v1.0 rev. 1.3
 */
export async function readInventory(
  deps: Deps,
  locators: readonly FruLocator[],
  signal: AbortSignal,
): Promise<readonly FruInventory[]> {
  const byId = new Map(locators.toReversed().map((locator) => [locator.id, locator]));
  const named = byId.has(OWN_DEVICE.id);
  const all = [...(named ? [] : [OWN_DEVICE]), ...byId.values()].sort((a, b) => a.id - b.id);
  const inventories: FruInventory[] = [];
  for (const locator of all) {
    const inventory = await readDevice(deps, locator, signal);
    if (inventory !== 'absent') inventories.push(inventory);
  }
  return inventories;
}

async function readDevice(deps: Deps, locator: FruLocator, signal: AbortSignal): Promise<FruInventory | 'absent'> {
  try {
    const reply = await deps.requester.attempt(getFruInventoryAreaInfo, { fruDeviceId: locator.id }, signal);
    if (reply.kind === 'refused') {
      if (locator === OWN_DEVICE && absent.has(reply.completionCode)) return 'absent';
      return emptyInventory(locator, [`not readable: ${describeCompletionCode(reply.completionCode)}`]);
    }
    const { size } = reply.response;
    return await readAreas(createFruDevice(deps, { id: locator.id, ...reply.response }), size, locator, signal);
  } catch (error) {
    if (error instanceof DecodeError) return emptyInventory(locator, [error.message]);
    throw error;
  }
}

async function readAreas(
  device: FruDevice,
  size: number,
  locator: FruLocator,
  signal: AbortSignal,
): Promise<FruInventory> {
  const head = await device.read(0, FRU_HEADER_BYTES, signal);
  if (head.bytes.length < FRU_HEADER_BYTES) {
    return emptyInventory(locator, [`common header: ${head.problem ?? `the device has ${size} bytes`}`]);
  }
  const header = decodeFruCommonHeader(new ByteReader(head.bytes));
  const fault = commonHeaderFault(header);
  if (fault !== undefined) return emptyInventory(locator, [fault]);
  const problems = [...commonHeaderProblems(header)];
  const area = async (kind: InfoAreaKind): Promise<FruArea | null> => {
    const read = await readArea(device, size, kind, areaOffset(header, kind), signal);
    problems.push(...read.problems);
    return read.area;
  };
  const chassis = await area('chassis');
  const board = await area('board');
  const product = await area('product');
  return { id: locator.id, name: locator.name, chassis, board, product, problems };
}

async function readArea(
  device: FruDevice,
  size: number,
  kind: InfoAreaKind,
  offset: number,
  signal: AbortSignal,
): Promise<{ readonly area: FruArea | null; readonly problems: readonly string[] }> {
  if (offset === 0) return { area: null, problems: [] };
  if (offset >= size)
    return { area: null, problems: [`${kind} area: begins at ${offset}, the device has ${size} bytes`] };
  const head = await device.read(offset, offset + AREA_HEAD_BYTES, signal);
  const end = offset + infoAreaBytes(head.bytes);
  const whole = head.problem === undefined && end > offset + head.bytes.length;
  const rest = whole ? await device.read(offset + head.bytes.length, end, signal) : { bytes: Buffer.alloc(0) };
  const { area, problems } = decodeInfoArea(kind, Buffer.concat([head.bytes, rest.bytes]));
  const failed = head.problem ?? ('problem' in rest ? rest.problem : undefined);
  return {
    area: area && infoAreaTexts(area),
    problems: failed === undefined ? problems : [`${kind} area: ${failed}`, ...problems],
  };
}

function areaOffset(header: FruCommonHeader, kind: InfoAreaKind): number {
  switch (kind) {
    case 'chassis':
      return header.chassisOffset;
    case 'board':
      return header.boardOffset;
    case 'product':
      return header.productOffset;
  }
}

function emptyInventory({ id, name }: FruLocator, problems: readonly string[]): FruInventory {
  return { id, name, chassis: null, board: null, product: null, problems };
}
