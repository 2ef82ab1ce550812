import { execFileSync } from 'node:child_process';

/** Two network namespaces and the wire between them: a server's, where it may have port 67 for itself, and its clients'. */
export type Wire = Disposable & {
  /** The words that run a program where the server stands. */
  atServer(...argv: readonly string[]): readonly string[];
  atClients(...argv: readonly string[]): readonly string[];
};

export type WireOptions = {
  /** Part of the namespaces' names; no two wires of a process have the same. */
  readonly name: string;
  readonly server: string;
  readonly clients: string;
  readonly prefixLength: number;
  /** A network of which every address is the clients': any number of them can stand there without being listed. */
  readonly anyOf?: string;
};

/** Lays a wire; both ends are called eth0. @throws Error where namespaces may not be made */
export function layWire({ name, server, clients, prefixLength, anyOf }: WireOptions): Wire {
  const [near, far] = [`bwbench${process.pid}-${name}-s`, `bwbench${process.pid}-${name}-c`];
  const ip = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: 'pipe' });
  const remove = (): void => {
    for (const namespace of [near, far]) {
      try {
        ip('netns', 'del', namespace);
      } catch {
        // It was never made: this clears up after half a wire, too.
      }
    }
  };
  const removeNow = (): void => {
    process.off('exit', remove);
    remove();
  };
  // Whoever interrupts the bench leaves nothing behind, either.
  process.once('exit', remove);
  try {
    for (const namespace of [near, far]) {
      ip('netns', 'add', namespace);
      ip('-n', namespace, 'link', 'set', 'lo', 'up');
    }
    ip('-n', near, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far);
    ip('-n', near, 'addr', 'add', `${server}/${prefixLength}`, 'dev', 'eth0');
    ip('-n', far, 'addr', 'add', `${clients}/${prefixLength}`, 'dev', 'eth0');
    for (const namespace of [near, far]) ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    if (anyOf !== undefined) ip('-n', far, 'route', 'add', 'local', anyOf, 'dev', 'eth0');
  } catch (error) {
    removeNow();
    throw new Error('network namespaces cannot be made here', { cause: error });
  }
  const enter = (namespace: string, argv: readonly string[]) => ['ip', 'netns', 'exec', namespace, ...argv];
  return {
    atServer: (...argv) => enter(near, argv),
    atClients: (...argv) => enter(far, argv),
    [Symbol.dispose]: removeNow,
  };
}
