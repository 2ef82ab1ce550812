import { coldReset } from '../../../protocols/ipmi/commands/application/cold-reset.ts';
import { getDeviceGuid } from '../../../protocols/ipmi/commands/application/get-device-guid.ts';
import { getDeviceId } from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { getSelfTestResults } from '../../../protocols/ipmi/commands/application/get-self-test-results.ts';
import { getSystemGuid } from '../../../protocols/ipmi/commands/application/get-system-guid.ts';
import { getWatchdogTimer } from '../../../protocols/ipmi/commands/application/get-watchdog-timer.ts';
import { warmReset } from '../../../protocols/ipmi/commands/application/warm-reset.ts';
import { type CommandContext, type Handler, handler, type Outcome } from '../command-handler.ts';

/** What the controller tells of itself, and its own restarts. @see IPMI v2.0 rev. 1.1 §20, §22.14, §27 */
export const deviceHandlers: readonly Handler[] = [
  handler(getDeviceId, (_request, { device }) => ({ response: device })),
  handler(getSelfTestResults, (_request, { settings }) => ({ response: settings.selfTest })),
  handler(getDeviceGuid, (_request, { settings, guid }) => ({ response: { guid: settings.deviceGuid ?? guid } })),
  handler(getSystemGuid, (_request, { guid }) => ({ response: { guid } })),
  handler(getWatchdogTimer, (_request, { settings }) => ({ response: settings.watchdog })),
  handler(coldReset, (_request, context) => restart(context)),
  handler(warmReset, (_request, context) => restart(context)),
];

/** Answers, and is then gone: sessions are forgotten, and nothing is heard for a while. */
function restart(context: CommandContext): Outcome<undefined> {
  context.restart(context.settings.resetMs);
  return { response: undefined };
}
