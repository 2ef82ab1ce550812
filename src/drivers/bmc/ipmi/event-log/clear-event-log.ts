import type { Clock } from '../../../../foundation/clock.ts';
import { formatSeconds } from '../../../../foundation/deadline.ts';
import { ConflictError, DeadlineError, UnreachableError } from '../../../../foundation/errors.ts';
import {
  ClearSelAction,
  clearSel,
  ErasureProgress,
  getSelErasureStatus,
} from '../../../../protocols/ipmi/commands/storage/clear-sel.ts';
import {
  ENTIRE_SEL_RECORD,
  getSelEntry,
  SelRecordId,
} from '../../../../protocols/ipmi/commands/storage/get-sel-entry.ts';
import {
  type GetSelInfoResponse,
  getSelInfo,
  SEL_ERASE_IN_PROGRESS,
  selCompletionCodes,
} from '../../../../protocols/ipmi/commands/storage/get-sel-info.ts';
import { reserveSel } from '../../../../protocols/ipmi/commands/storage/reserve-sel.ts';
import { CompletionCode, CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../../../protocols/ipmi/privilege-level.ts';
import type { IpmiRequester } from '../requester.ts';

/** Between two looks at a running erase; large logs in slow flash take seconds. */
const POLL_MS = 500;
const POLLS = 60;

/**
 * Appendix G asks for USER, and the H8QME's controller for OPERATOR (FreeIPMI's list of defects). The erase that the
 * reservation is for needs OPERATOR anyway, so the session is raised one command earlier.
 */
const reserveSelAsOperator = { ...reserveSel, privilege: PrivilegeLevel.operator };

/** Reservation id of controllers that have no Reserve SEL. @see IPMI v2.0 rev. 1.1 §31.4 */
const NO_RESERVATION = 0;

/**
 * Erases the event log, unless an entry came in that the caller has not seen. The order closes the gap: once the log
 * is reserved, a new entry ends the reservation, and the erase is refused.
 * @param expectedNewest id of the newest entry that the caller has read; null erases whatever is there
 * @throws ConflictError when there is a newer entry, or the reservation was lost; nothing is erased then
 * @throws UnreachableError when the erase got no answer and the log does not show that it took place
 * @throws DeadlineError when the erase does not end within 30 s
 * @throws CompletionCodeError when refused; what the requester throws
 * @see IPMI v2.0 rev. 1.1 §31.4, §31.9
 */
export async function clearEventLog(
  { requester, clock }: { readonly requester: IpmiRequester; readonly clock: Clock },
  expectedNewest: number | null,
  signal: AbortSignal,
): Promise<void> {
  const before = await requester.ask(getSelInfo, undefined, signal);
  const reservationId = await reserve(requester, signal);
  if (expectedNewest !== null) await checkNewest(requester, expectedNewest, before, signal);
  const reply = await requester.once(clearSel, { reservationId, action: ClearSelAction.initiateErase }, signal);
  if (reply.kind === 'refused') throw eraseRefused(requester, reply.completionCode);
  if (reply.kind === 'answered' && reply.response.progress === ErasureProgress.completed) return;
  const progress = await waitUntilErased({ requester, clock }, reservationId, signal);
  // A controller that never got the request also says "completed": only the log itself tells then.
  if (reply.kind === 'answered' && progress === 'completed') return;
  const after = await infoAfterErase({ requester, clock }, signal);
  if (isErased(before, after)) return;
  throw new UnreachableError(
    `${clearSel.name} on BMC ${requester.name}: no answer, and the log still has ${after.entries} entries`,
  );
}

async function reserve(requester: IpmiRequester, signal: AbortSignal): Promise<number> {
  const reply = await requester.attempt(reserveSelAsOperator, undefined, signal);
  if (reply.kind === 'answered') return reply.response.reservationId;
  if (reply.completionCode === CompletionCode.invalidCommand) return NO_RESERVATION;
  const what = `${reserveSel.name} on BMC ${requester.name}`;
  throw new CompletionCodeError(what, reply.completionCode, reserveSel.completionCodes);
}

/**
 * An empty log is fine whatever was expected: there is nothing left to erase unseen. A log that counts entries and has
 * no newest one is not erased, since what is in it cannot be told.
 */
async function checkNewest(
  requester: IpmiRequester,
  expected: number,
  info: GetSelInfoResponse,
  signal: AbortSignal,
): Promise<void> {
  const request = { reservationId: 0, recordId: SelRecordId.last, offset: 0, bytesToRead: ENTIRE_SEL_RECORD };
  const reply = await requester.attempt(getSelEntry, request, signal);
  if (reply.kind === 'refused') {
    if (info.entries === 0) return;
    const what = `${getSelEntry.name} (newest) on BMC ${requester.name}`;
    throw new CompletionCodeError(what, reply.completionCode, getSelEntry.completionCodes);
  }
  const { recordData } = reply.response;
  const newest = recordData.length < 2 ? undefined : recordData.readUInt16LE(0);
  if (newest === expected) return;
  throw new ConflictError(
    `event log of BMC ${requester.name}: entry ${newest ?? 'of unknown id'} came in after ${expected}; nothing was erased`,
  );
}

function eraseRefused(requester: IpmiRequester, completionCode: number): Error {
  if (completionCode === CompletionCode.reservationInvalid) {
    return new ConflictError(
      `event log of BMC ${requester.name}: an entry came in, or another party reserved it; nothing was erased`,
    );
  }
  const what = `${clearSel.name} on BMC ${requester.name}`;
  return new CompletionCodeError(what, completionCode, selCompletionCodes);
}

/**
 * Asks until the erase is over. `untold`: the controller does not tell, for instance because the entry "log cleared"
 * has ended the reservation.
 */
async function waitUntilErased(
  { requester, clock }: { readonly requester: IpmiRequester; readonly clock: Clock },
  reservationId: number,
  signal: AbortSignal,
): Promise<'completed' | 'untold'> {
  for (let poll = 0; poll < POLLS; poll++) {
    await clock.sleep(POLL_MS, signal);
    const reply = await requester.attempt(getSelErasureStatus, { reservationId }, signal);
    if (reply.kind === 'answered' && reply.response.progress === ErasureProgress.completed) return 'completed';
    if (reply.kind === 'refused' && reply.completionCode !== SEL_ERASE_IN_PROGRESS) return 'untold';
  }
  throw eraseNotOver(requester);
}

/** What the log tells of itself once it may be asked again. */
async function infoAfterErase(
  { requester, clock }: { readonly requester: IpmiRequester; readonly clock: Clock },
  signal: AbortSignal,
): Promise<GetSelInfoResponse> {
  for (let poll = 0; poll < POLLS; poll++) {
    const reply = await requester.attempt(getSelInfo, undefined, signal);
    if (reply.kind === 'answered') return reply.response;
    if (reply.completionCode !== SEL_ERASE_IN_PROGRESS) {
      const what = `${getSelInfo.name} on BMC ${requester.name}`;
      throw new CompletionCodeError(what, reply.completionCode, getSelInfo.completionCodes);
    }
    await clock.sleep(POLL_MS, signal);
  }
  throw eraseNotOver(requester);
}

function eraseNotOver(requester: IpmiRequester): DeadlineError {
  return new DeadlineError(
    `event log of BMC ${requester.name}: erase not over after ${formatSeconds(POLLS * POLL_MS)}`,
  );
}

/** The log counts fewer entries, or tells another time of its last erase. Some log the erase as a first new entry. */
function isErased(before: GetSelInfoResponse, after: GetSelInfoResponse): boolean {
  return (
    after.entries === 0 ||
    after.entries < before.entries ||
    after.mostRecentEraseTimestamp !== before.mostRecentEraseTimestamp
  );
}
