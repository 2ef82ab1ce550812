import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { ConfigError } from '../../../../src/foundation/errors.ts';
import { listenInherited } from '../../../../src/netboot/http/listen.ts';

// That an inherited socket serves is in test/interop/netboot/networks.test.ts: it takes a process that inherits one.
it('a descriptor that is no listening socket is refused by name', async () => {
  const fd = openSync('/dev/null', 'r');
  try {
    const listening = listenInherited(createServer(), fd, 'the inherited socket of http for 10.0.0.1');
    await expect(listening).rejects.toThrow(ConfigError);
    await expect(listening).rejects.toThrow(/^the inherited socket of http for 10\.0\.0\.1 is no TCP socket/);
  } finally {
    closeSync(fd);
  }
});
