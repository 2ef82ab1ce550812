import type { Command } from 'commander';
import type { ExitCode } from './cli-error.ts';
import { type Connection, connectTo } from './connection.ts';
import type { CliEnvironment } from './environment.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import { readTokenFile } from './token-file.ts';

/** What every command works with. */
export type Context = {
  readonly environment: CliEnvironment;
  readonly terminal: Terminal;
  readonly connection: Connection;
};

/** Options of every command. */
type GlobalOptions = { readonly url: string; readonly tokenFile: string; readonly json: boolean };

/** How a command tells the process's exit code. */
export type Exits = { set(code: ExitCode): void };

/** Reads the global options of a command that was called, and its token. */
export function contextOf(command: Command, environment: CliEnvironment): Context {
  const { url, tokenFile, json } = command.optsWithGlobals<GlobalOptions>();
  const terminal = createTerminal(environment, json === true);
  const connection = connectTo(url, readTokenFile(tokenFile));
  if (/^http:\/\/(?!127\.|localhost[:/]|localhost$|\[::1\])/.test(url)) {
    terminal.remark('warning: the token crosses the network in clear: use https, a tunnel, or the unix socket');
  }
  return { environment, terminal, connection };
}
