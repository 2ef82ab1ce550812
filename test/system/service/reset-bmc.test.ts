import { expect, it } from 'vitest';
import { createApiClient } from '../../support/api-client.ts';
import { startService } from '../../support/service-process.ts';
import { createSimulatedSite } from '../../support/simulated-site.ts';

it('a rejected BMC credential is not tried again until an operator allows it, and then once more', async () => {
  const wrong = { password: 'env:WRONG' };
  let tries = 0;
  await using site = await createSimulatedSite({
    bmcFaults({ direction, data }) {
      // RAKP message 1 is payload type 12h, the sixth byte of the datagram (IPMI v2.0 rev. 1.1 Table 13-16).
      if (direction === 'to-bmc' && data[5] === 0x12) tries++;
      return undefined;
    },
  });
  const [first] = site.machines;
  site.declare({
    bmcs: [{ protocol: 'ipmi', host: first?.bmc.local.address, port: first?.bmc.local.port, user: 'admin', ...wrong }],
  });
  await using service = await startService({ configFile: site.configFile, environment: { WRONG: 'not-it' } });
  const api = createApiClient(service.url, service.token ?? '');
  const order = async () => await api.ended((await api.place(site.names[0] ?? '', { kind: 'power', verb: 'on' })).id);

  expect(await order()).toMatchObject({ state: 'failed', error: { code: 'authentication-failed' } });
  const once = tries;
  expect(once).toBeGreaterThan(0);
  const again = await order();
  expect(again).toMatchObject({
    state: 'failed',
    error: { code: 'authentication-failed', hint: expect.stringContaining('reset-bmc') },
  });
  expect(tries).toBe(once);

  const reset = await api.call('POST', `/machines/${site.names[0]}/bmc/reset-authentication`);
  expect(reset.status).toBe(204);
  await order();
  expect(tries).toBeGreaterThan(once);
});
