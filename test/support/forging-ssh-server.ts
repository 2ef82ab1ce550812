import type { AddressInfo } from 'node:net';
import ssh2, { type ParsedKey } from 'ssh2';
import { newKey } from './simulated-host.ts';

export type ForgingServer = AsyncDisposable & {
  readonly address: string;
  readonly port: number;
  /** How often a client began to authenticate. */
  authentications(): number;
};

/** An SSH server that shows somebody else's public host key and signs with a key of its own. */
export async function forgingServer(victimsPublicKey: string): Promise<ForgingServer> {
  const key: ParsedKey | Error = ssh2.utils.parseKey(newKey().private);
  if (key instanceof Error) throw key;
  key.getPublicSSH = () => Buffer.from(victimsPublicKey.split(' ')[1] ?? '', 'base64');
  let count = 0;
  // The package lets a parsed key through here; its types do not know it.
  const server = new ssh2.Server({ hostKeys: [{ key: key as never }] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', () => count++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: '127.0.0.1',
    port,
    authentications: () => count,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
