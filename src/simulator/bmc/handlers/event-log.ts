import { addSelEntry } from '../../../protocols/ipmi/commands/storage/add-sel-entry.ts';
import { ClearSelAction, clearSel, ErasureProgress } from '../../../protocols/ipmi/commands/storage/clear-sel.ts';
import { getSelAllocationInfo } from '../../../protocols/ipmi/commands/storage/get-sel-allocation-info.ts';
import { getSelEntry } from '../../../protocols/ipmi/commands/storage/get-sel-entry.ts';
import { getSelInfo, SEL_ERASE_IN_PROGRESS } from '../../../protocols/ipmi/commands/storage/get-sel-info.ts';
import { getSelTime } from '../../../protocols/ipmi/commands/storage/get-sel-time.ts';
import { reserveSel } from '../../../protocols/ipmi/commands/storage/reserve-sel.ts';
import { setSelTime } from '../../../protocols/ipmi/commands/storage/set-sel-time.ts';
import { CompletionCode } from '../../../protocols/ipmi/completion-code.ts';
import { SEL_RECORD_BYTES } from '../../../protocols/ipmi/sel/sel-record.ts';
import { type Handler, handler } from '../command-handler.ts';

const erasing = { refusal: SEL_ERASE_IN_PROGRESS } as const;

/** The event log and its clock. @see IPMI v2.0 rev. 1.1 §31 */
export const eventLogHandlers: readonly Handler[] = [
  handler(getSelInfo, (_request, { eventLog }) => (eventLog.erasing() ? erasing : { response: eventLog.info() })),

  handler(getSelAllocationInfo, (_request, { eventLog }) => {
    const freeUnits = eventLog.capacity - eventLog.records.length;
    const unitSize = SEL_RECORD_BYTES;
    const units = { units: eventLog.capacity, unitSize, freeUnits };
    return { response: { ...units, largestFreeBlockUnits: freeUnits, maximumRecordUnits: 1 } };
  }),

  handler(reserveSel, (_request, { eventLog }) => {
    if (eventLog.erasing()) return erasing;
    const reservationId = eventLog.reserve();
    return reservationId === undefined ? { refusal: CompletionCode.invalidCommand } : { response: { reservationId } };
  }),

  handler(getSelEntry, (request, { eventLog }) => {
    if (eventLog.erasing()) return erasing;
    const entry = eventLog.entry(request);
    return typeof entry === 'number' ? { refusal: entry } : { response: entry };
  }),

  handler(addSelEntry, ({ record }, { eventLog }) => {
    if (eventLog.erasing()) return erasing;
    const recordId = eventLog.add(record);
    return recordId === undefined ? { refusal: CompletionCode.outOfSpace } : { response: { recordId } };
  }),

  handler(clearSel, ({ reservationId, action }, { eventLog }) => {
    if (action === ClearSelAction.initiateErase) {
      const completionCode = eventLog.erase(reservationId);
      if (completionCode !== CompletionCode.ok) return { refusal: completionCode };
    } else if (action !== ClearSelAction.getErasureStatus) {
      return { refusal: CompletionCode.invalidDataField };
    }
    return { response: { progress: eventLog.erasing() ? ErasureProgress.inProgress : ErasureProgress.completed } };
  }),

  handler(getSelTime, (_request, { eventLog }) => ({ response: { timestamp: eventLog.time() } })),

  handler(setSelTime, ({ timestamp }, { eventLog }) => {
    eventLog.setTime(timestamp);
    return { response: undefined };
  }),
];
