import { createServer, type Server } from 'node:http';
import { errorText, UnreachableError } from '../foundation/errors.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import {
  type BootHandler,
  type BootHandlerDeps,
  type BootHandlerOptions,
  createBootHandler,
} from './http/boot-handler.ts';

export type HttpBootOptions = BootHandlerOptions & {
  /** Address to listen on. */
  readonly address: string;
  readonly port: number;
  /** Open connections at once; more wait in the kernel's queue. Default 1024. */
  readonly maximumConnections?: number;
};

export type HttpBoot = Component<{ readonly address: string; readonly port: number }> & {
  /** The same answers for a server of someone else's. */
  readonly handler: BootHandler;
};

/** EDK2 sends HEAD and GET on one connection, with seconds between when it asks the user or the disk. */
const KEEP_ALIVE_MS = 30_000;
const IDLE_MS = 120_000;
/** A request is a few lines; whoever needs longer for them is not a boot loader. */
const REQUEST_MS = 15_000;

/** Serves scripts, kernels, initrds and loaders over plain HTTP/1.1. */
export function createHttpBoot(deps: BootHandlerDeps, options: HttpBootOptions): HttpBoot {
  const { log, cache, clock } = deps;
  const { address, port, maximumConnections = 1024 } = options;
  const handler = createBootHandler(deps, options);
  const readiness = createReadiness<{ address: string; port: number }>();

  async function serve(signal: AbortSignal): Promise<void> {
    const server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
      handler,
    );
    server.maxConnections = maximumConnections;
    // Ends a connection on which nothing moves: a machine that was switched off in the middle never says so.
    server.timeout = IDLE_MS;
    const bound = await listening(server, address, port);
    try {
      server.on('error', (error) => log.error({ error: errorText(error) }, 'boot HTTP server'));
      log.info(bound, 'boot files are served over HTTP');
      readiness.resolve(bound);
      const ended = new AbortController();
      const sweeping = sweep(AbortSignal.any([signal, ended.signal]));
      await untilAborted(signal, []);
      ended.abort();
      await sweeping;
    } finally {
      await closed(server);
    }
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS, signal).catch(() => undefined);
      cache.sweep();
    }
  }

  return { handler, ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}

const SWEEP_MS = 15_000;

function listening(server: Server, address: string, port: number): Promise<{ address: string; port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ address: string; port: number }>();
  const onError = (cause: Error): void => {
    reject(new UnreachableError(`listen on ${address}:${port} for HTTP boot: ${cause.message}`, { cause }));
  };
  server.once('error', onError);
  server.listen(port, address, () => {
    server.off('error', onError);
    const bound = server.address();
    resolve({ address, port: typeof bound === 'object' && bound !== null ? bound.port : port });
  });
  return promise;
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  return promise;
}
