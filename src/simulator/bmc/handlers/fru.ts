import { getFruInventoryAreaInfo } from '../../../protocols/ipmi/commands/storage/get-fru-inventory-area-info.ts';
import { readFruData } from '../../../protocols/ipmi/commands/storage/read-fru-data.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { type Handler, handler } from '../command-handler.ts';

/** Most bytes of one read: what the answer has room for. */
const LONGEST_READ_BYTES = 128;

/** Inventories. @see IPMI v2.0 rev. 1.1 §34 */
export const fruHandlers: readonly Handler[] = [
  handler(getFruInventoryAreaInfo, ({ fruDeviceId }, { fruDevices }) => {
    const device = fruDevices.get(fruDeviceId);
    if (device === undefined) return { refusal: CompletionCode.notPresent };
    return { response: { size: device.image.length, accessedByWords: device.accessedByWords ?? false } };
  }),

  handler(readFruData, ({ fruDeviceId, offset, count }, { fruDevices }) => {
    const device = fruDevices.get(fruDeviceId);
    if (device === undefined) return { refusal: CompletionCode.notPresent };
    const unit = device.accessedByWords ? 2 : 1;
    const start = offset * unit;
    if (count === 0 || start >= device.image.length) return { refusal: CompletionCode.parameterOutOfRange };
    if (count * unit > LONGEST_READ_BYTES) return { refusal: CompletionCode.cannotReturnRequestedBytes };
    const data = device.image.subarray(start, start + count * unit);
    return { response: { count: Math.ceil(data.length / unit), data } };
  }),
];
