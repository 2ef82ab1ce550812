import { getDeviceId } from '../../../protocols/ipmi/commands/application/get-device-id.ts';
import { type Handler, handler } from '../command-handler.ts';

/** What the controller tells of itself. @see IPMI v2.0 rev. 1.1 §20 */
export const deviceHandlers: readonly Handler[] = [
  handler(getDeviceId, (_request, { device }) => ({ response: device })),
];
