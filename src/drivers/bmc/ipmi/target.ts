import { lookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import { abortable } from '../../../foundation/deadline.ts';
import { ConfigError, errorText, rethrowAbort, UnreachableError } from '../../../foundation/errors.ts';
import { type CipherSuite, cipherSuiteById } from '../../../protocols/ipmi/cipher-suites.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { MAXIMUM_KEY_BYTES, MAXIMUM_USER_NAME_BYTES } from '../../../protocols/ipmi/rakp/keys.ts';
import { RMCP_PORT } from '../../../protocols/ipmi/rmcp.ts';
import type { IpmiTarget } from './options.ts';

/** A target that can be used: checked, with its defaults, its address still to be resolved. */
export type IpmiLogin = {
  readonly user: string;
  readonly userName: Buffer;
  readonly suites: readonly CipherSuite[];
  readonly privilege: number;
};

const DEFAULT_SUITES: readonly number[] = [17, 3];

/**
 * Checks what the target asks for. A name or password that is too long is refused, never cut: cut, it would be
 * another password, and the BMC would only say "wrong".
 * @throws ConfigError
 */
export function checkTarget(target: IpmiTarget): IpmiLogin {
  const where = `BMC ${target.host}`;
  const userName = Buffer.from(target.user, 'utf8');
  if (userName.length > MAXIMUM_USER_NAME_BYTES) {
    throw new ConfigError(
      `${where}: user name has ${userName.length} bytes, IPMI 2.0 allows ${MAXIMUM_USER_NAME_BYTES}`,
    );
  }
  if (target.password.length > MAXIMUM_KEY_BYTES) {
    throw new ConfigError(
      `${where}: password has ${target.password.length} bytes, IPMI 2.0 allows ${MAXIMUM_KEY_BYTES}`,
    );
  }
  if (target.kg && target.kg.length > MAXIMUM_KEY_BYTES) {
    throw new ConfigError(`${where}: K_G has ${target.kg.length} bytes, IPMI 2.0 allows ${MAXIMUM_KEY_BYTES}`);
  }
  const ids = target.cipherSuites ?? DEFAULT_SUITES;
  const suites = ids.map((id) => {
    const suite = cipherSuiteById(id);
    if (suite === undefined) {
      throw new ConfigError(`${where}: cipher suite ${id} is not supported; 17 and 3 sign and encrypt, and are`);
    }
    return suite;
  });
  if (suites.length === 0) throw new ConfigError(`${where}: no cipher suite to try`);
  return { user: target.user, userName, suites, privilege: PrivilegeLevel[target.privilege ?? 'operator'] };
}

export type IpmiAddress = { readonly address: string; readonly port: number; readonly family: 4 | 6 };

/**
 * The address to talk to, in the form in which sockets report it, since replies are matched on it.
 * @throws UnreachableError when the name cannot be resolved
 */
export async function resolveTarget(
  target: Pick<IpmiTarget, 'host' | 'port'>,
  signal: AbortSignal,
): Promise<IpmiAddress> {
  const port = target.port ?? RMCP_PORT;
  if (isIP(target.host) !== 0) return canonical(target.host, port);
  try {
    const { address } = await abortable(lookup(target.host), signal);
    return canonical(address, port);
  } catch (error) {
    rethrowAbort(signal);
    throw new UnreachableError(`resolve BMC ${target.host}: ${errorText(error)}`, { cause: error });
  }
}

function canonical(address: string, port: number): IpmiAddress {
  if (isIP(address) === 4) return { address, port, family: 4 };
  return { address: new SocketAddress({ address, family: 'ipv6' }).address, port, family: 6 };
}
