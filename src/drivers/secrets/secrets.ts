import { join } from 'node:path';
import type { Secrets } from '../../domain/ports/secrets.ts';
import { describeSecretRef, type SecretRef } from '../../domain/secret-ref.ts';
import type { Clock } from '../../foundation/clock.ts';
import { ConfigError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { Secret } from '../../foundation/secret.ts';
import { type CommandEnvironment, readSecretCommand } from './secret-command.ts';
import { readSecretFile } from './secret-file.ts';

export type SecretsParts = {
  readonly clock: Clock;
  readonly log: Log;
  /** The service's environment, as `config` read it at start. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/**
 * Opens secret references: reads the value at the moment of use and keeps nothing.
 * Errors and log lines name the place of a secret and never its value.
 */
export function createSecrets({ clock, log, environment }: SecretsParts): Secrets {
  return {
    async open(ref, signal) {
      signal.throwIfAborted();
      const where = describeSecretRef(ref);
      const secret = await read(ref, signal);
      if (secret.length === 0) throw new ConfigError(`secret ${where} is empty: put a value there`);
      log.debug({ secret: where }, 'secret opened');
      return secret;
    },
  };

  async function read(ref: SecretRef, signal: AbortSignal): Promise<Secret> {
    if (typeof ref !== 'string') return readSecretCommand(clock, ref.command, commandEnvironment(environment), signal);
    const colon = ref.indexOf(':');
    const kind = colon < 0 ? '' : ref.slice(0, colon);
    const rest = ref.slice(colon + 1);
    switch (kind) {
      case 'env':
        return readVariable(rest);
      case 'file':
        if (!rest.startsWith('/')) throw new ConfigError(`secret ${ref}: the path must be absolute, file:/PATH`);
        return readSecretFile(rest, ref, 'owner');
      case 'credential':
        return readSecretFile(credentialPath(rest, ref), ref, 'owner-and-group');
      case 'store':
        throw new ConfigError(
          `secret ${ref}: this version keeps no secrets itself; use file:, credential: or a command`,
        );
      default:
        // The text may be a value pasted where a reference belongs, so it is not repeated.
        throw new ConfigError('a secret reference must begin with env:, file: or credential:, or be a command list');
    }
  }

  function readVariable(name: string): Secret {
    const value = environment[name];
    if (value === undefined) throw new ConfigError(`secret env:${name}: the service has no such environment variable`);
    return Secret.fromText(value);
  }

  function credentialPath(name: string, ref: string): string {
    const folder = environment.CREDENTIALS_DIRECTORY;
    if (folder === undefined) {
      throw new ConfigError(`secret ${ref}: $CREDENTIALS_DIRECTORY is not set; use LoadCredential= in the unit`);
    }
    // systemd's own rule for credential names: a plain file name (systemd.exec(5), LoadCredential=).
    if (!/^[A-Za-z0-9_.:@-]{1,255}$/.test(name) || name === '.' || name === '..') {
      throw new ConfigError(`secret ${ref}: not a credential name`);
    }
    return join(folder, name);
  }
}

/** All that a secret's program learns of our environment. */
function commandEnvironment(environment: SecretsParts['environment']): CommandEnvironment {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME']) {
    const value = environment[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
