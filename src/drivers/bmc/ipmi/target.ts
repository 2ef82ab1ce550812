import { lookup } from 'node:dns/promises';
import { isIP, SocketAddress } from 'node:net';
import { abortable } from '../../../foundation/deadline.ts';
import { ConfigError, errorText, rethrowAbort, UnreachableError } from '../../../foundation/errors.ts';
import { type CipherSuite, cipherSuiteById } from '../../../protocols/ipmi/cipher-suites.ts';
import { PrivilegeLevel } from '../../../protocols/ipmi/privilege-level.ts';
import { MAXIMUM_KEY_BYTES, MAXIMUM_USER_NAME_BYTES } from '../../../protocols/ipmi/rakp/keys.ts';
import { RMCP_PORT } from '../../../protocols/ipmi/rmcp.ts';
import { MAXIMUM_V1_PASSWORD_BYTES } from '../../../protocols/ipmi/session-v1-authentication.ts';
import type { IpmiTarget } from './options.ts';
import { isRequestedQuirk, requestedQuirks } from './quirks.ts';

/** A target that can be used: checked, with its defaults, its address still to be resolved. */
export type IpmiLogin = {
  readonly version: '2.0' | '1.5';
  readonly user: string;
  readonly userName: Buffer;
  readonly suites: readonly CipherSuite[];
  readonly privilege: number;
  readonly lookup: 'name' | 'name-and-role';
  readonly quirks: ReadonlySet<string>;
};

const DEFAULT_SUITES: readonly number[] = [17, 3];

/**
 * Checks what the target asks for. A name or password that is too long is refused, never cut: cut, it would be
 * another password, and the BMC would only say "wrong".
 * @throws ConfigError
 */
export function checkTarget(target: IpmiTarget): IpmiLogin {
  const where = `BMC ${target.host}`;
  const version = target.version ?? '2.0';
  const userName = Buffer.from(target.user, 'utf8');
  checkLength(where, 'user name', userName.length, MAXIMUM_USER_NAME_BYTES, 'IPMI');
  const longest = version === '1.5' ? MAXIMUM_V1_PASSWORD_BYTES : MAXIMUM_KEY_BYTES;
  checkLength(where, 'password', target.password.length, longest, `IPMI ${version}`);
  if (target.kg) checkLength(where, 'K_G', target.kg.length, MAXIMUM_KEY_BYTES, 'IPMI 2.0');
  if (version === '1.5' && (target.kg || target.cipherSuites)) {
    throw new ConfigError(`${where}: IPMI 1.5 has neither K_G nor cipher suites; leave them out, or use version 2.0`);
  }
  return {
    version,
    user: target.user,
    userName,
    suites: suitesOf(target, where),
    privilege: PrivilegeLevel[target.privilege ?? 'operator'],
    lookup: target.userLookup ?? 'name',
    quirks: new Set((target.quirks ?? []).map((name) => checkQuirk(name, where))),
  };
}

function checkQuirk(name: string, where: string): string {
  if (isRequestedQuirk(name)) return name;
  throw new ConfigError(
    `${where}: there is no quirk "${name}" to ask for; there are ${Object.keys(requestedQuirks).join(', ')}`,
  );
}

function checkLength(where: string, what: string, bytes: number, most: number, version: string): void {
  if (bytes > most) throw new ConfigError(`${where}: ${what} has ${bytes} bytes, ${version} allows ${most}`);
}

function suitesOf({ cipherSuites = DEFAULT_SUITES, allowInsecureSuites = false }: IpmiTarget, where: string) {
  const suites = [...new Set(cipherSuites)].map((id) => {
    const suite = cipherSuiteById(id);
    if (suite === undefined) {
      throw new ConfigError(
        `${where}: cipher suite ${id} is not supported; 17 and 3 sign and encrypt, 8, 12 and 16 are for boards without them`,
      );
    }
    if (suite.admission === 'insecure' && !allowInsecureSuites) {
      throw new ConfigError(
        `${where}: cipher suite ${id} lets anybody on the path forge or read commands; use 17 or 3, or set allowInsecureSuites for this BMC`,
      );
    }
    return suite;
  });
  if (suites.length === 0) throw new ConfigError(`${where}: no cipher suite to try`);
  return suites;
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
