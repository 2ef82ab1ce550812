import type { Machine } from '../../domain/machine.ts';
import type { Secrets } from '../../domain/ports/secrets.ts';
import { ConfigError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';

/** Tokens for private repositories, opened for one use; disposing wipes them all. */
export type AccessTokens = Disposable & {
  readonly tokens: readonly { readonly host: string; readonly token: Secret }[];
};

/** @throws ConfigError when one cannot be opened or does not look like a token */
export async function openAccessTokens(secrets: Secrets, machine: Machine, signal: AbortSignal): Promise<AccessTokens> {
  const tokens: { host: string; token: Secret }[] = [];
  const opened: AccessTokens = {
    tokens,
    [Symbol.dispose]() {
      for (const { token } of tokens) token[Symbol.dispose]();
    },
  };
  try {
    for (const { host, token: ref } of machine.spec.rebuild?.accessTokens ?? []) {
      if (!/^[A-Za-z0-9.-]{1,255}$/.test(host))
        throw new ConfigError(`access token host ${JSON.stringify(host)}: a host name`);
      const token = await secrets.open(ref, signal);
      tokens.push({ host, token });
      // nix.conf separates entries by spaces; anything unprintable is a wrong file.
      if (token.use((bytes) => bytes.some((byte) => byte <= 0x20 || byte >= 0x7f || byte === 0x23))) {
        throw new ConfigError(
          `access token for ${host} has spaces, "#" or control characters: is it the right secret?`,
        );
      }
    }
    return opened;
  } catch (error) {
    opened[Symbol.dispose]();
    throw error;
  }
}

/**
 * A nix.conf with the tokens. It stands in for the user's own (NIX_USER_CONF_FILES), so that is included.
 * @param home the user's home on the machine
 * @see Nix manual, nix.conf(5): access-tokens, !include, NIX_USER_CONF_FILES
 */
export function nixConf(access: AccessTokens, home: string): Secret {
  const parts: Buffer[] = [Buffer.from(`!include ${home}/.config/nix/nix.conf\nextra-access-tokens =`)];
  for (const { host, token } of access.tokens) {
    parts.push(
      Buffer.from(` ${host}=`),
      token.use((bytes) => Buffer.from(bytes)),
    );
  }
  parts.push(Buffer.from('\n'));
  const conf = new Secret(Buffer.concat(parts));
  for (const part of parts) part.fill(0);
  return conf;
}
