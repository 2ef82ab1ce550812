import { describe, expect, test } from 'vitest';
import { readGuids } from '../../../../src/drivers/bmc/ipmi/settings/guid.ts';
import { UnreachableError } from '../../../../src/foundation/errors.ts';
import { Secret } from '../../../../src/foundation/secret.ts';
import { coldReset } from '../../../../src/protocols/ipmi/commands/application/cold-reset.ts';
import { getSessionInfo } from '../../../../src/protocols/ipmi/commands/application/get-session-info.ts';
import { warmReset } from '../../../../src/protocols/ipmi/commands/application/warm-reset.ts';
import { admin, BMC_ADDRESS, createRig, never } from '../rig.ts';

const RESET_MS = 60_000;

describe.each([coldReset, warmReset])('$name over the network', (reset) => {
  test('it is answered, ends the sessions, is silent for a while, and comes back', async () => {
    await using rig = await createRig({ bmc: { settings: { resetMs: RESET_MS } } });
    const target = {
      host: BMC_ADDRESS.address,
      user: admin.name,
      password: Secret.fromText(admin.password),
      privilege: 'administrator' as const,
    };
    await using board = await rig.bmcs.openBoard(target, never);
    const { requester } = board;
    expect(await rig.value(requester.once(reset, undefined, never))).toMatchObject({ kind: 'answered' });
    expect(rig.simulated.sessions).toBe(0);
    const during = await rig.finish(readGuids(requester, never));
    expect(during.kind === 'error' && during.error).toBeInstanceOf(UnreachableError);
    await rig.clock.advance(RESET_MS);
    expect((await rig.value(readGuids(requester, never))).system?.blank).toBe(true);
    expect(rig.simulated.requests.get(reset.name)).toBe(1);
  });

  test('a session of less than administrator is refused', async () => {
    await using rig = await createRig({ bmc: { users: [{ ...admin, privilege: 3 }] } });
    const target = { host: BMC_ADDRESS.address, user: admin.name, password: Secret.fromText(admin.password) };
    await using board = await rig.bmcs.openBoard(target, never);
    const reply = await rig.value(board.requester.once(reset, undefined, never));
    expect(reply).toEqual({ kind: 'refused', completionCode: 0xd4 });
    expect(rig.simulated.sessions).toBe(1);
  });
});

describe('the sessions of a controller', () => {
  test('ours is told by index, handle and id alike', async () => {
    await using rig = await createRig();
    const target = { host: BMC_ADDRESS.address, user: admin.name, password: Secret.fromText(admin.password) };
    await using board = await rig.bmcs.openBoard(target, never);
    const ask = (request: Parameters<typeof getSessionInfo.encodeRequest>[0]) =>
      rig.value(board.requester.ask(getSessionInfo, request, never));
    const own = await ask({ by: 'this-session' });
    expect(own).toMatchObject({ activeSessions: 1, session: { userId: 2, protocolAuxiliary: 1, channel: 1 } });
    expect(await ask({ by: 'index', index: 1 })).toEqual(own);
    expect(await ask({ by: 'handle', handle: own.sessionHandle })).toEqual(own);
    expect(await ask({ by: 'index', index: 2 })).toMatchObject({ sessionHandle: 0 });
  });
});
