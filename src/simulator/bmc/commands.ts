import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import type { IpmiRequest } from '../../protocols/ipmi/message.ts';
import type { CommandContext, Handler } from './command-handler.ts';
import { chassisHandlers } from './handlers/chassis.ts';
import { dcmiHandlers } from './handlers/dcmi.ts';
import { deviceHandlers } from './handlers/device.ts';
import { eventLogHandlers } from './handlers/event-log.ts';
import { fruHandlers } from './handlers/fru.ts';
import { payloadHandlers } from './handlers/payload.ts';
import { sensorHandlers } from './handlers/sensors.ts';
import { sessionHandlers } from './handlers/session.ts';
import { settingsHandlers } from './handlers/settings.ts';
import type { ActiveSession } from './sessions.ts';

export type CommandAnswer = { readonly name: string; readonly completionCode: number; readonly data: Buffer };

const handlers = new Map<number, Handler>(
  [
    ...sessionHandlers,
    ...deviceHandlers,
    ...chassisHandlers,
    ...payloadHandlers,
    ...eventLogHandlers,
    ...fruHandlers,
    ...dcmiHandlers,
    ...settingsHandlers,
    ...sensorHandlers,
  ].map((each) => [keyOf(each), each]),
);

/** Carries out one request; `session` is missing for one outside any session. */
export function carryOut(
  request: IpmiRequest,
  context: CommandContext,
  session: ActiveSession | undefined,
): CommandAnswer {
  const handler = handlers.get(keyOf(request));
  const name = handler?.name ?? `${request.netFn.toString(16)}h/${request.command.toString(16)}h`;
  const refused = (completionCode: number): CommandAnswer => ({ name, completionCode, data: Buffer.alloc(0) });
  if (handler === undefined) return refused(CompletionCode.invalidCommand);
  if (handler.privilege !== 'none' && (session?.privilege ?? 0) < handler.privilege) {
    return refused(CompletionCode.insufficientPrivilege);
  }
  const outcome = handler.handle(request.data, context, session, request.responderLun);
  return 'refusal' in outcome
    ? refused(outcome.refusal)
    : { name, completionCode: CompletionCode.ok, data: outcome.response };
}

function keyOf({ netFn, command }: { readonly netFn: number; readonly command: number }): number {
  return (netFn << 8) | command;
}
