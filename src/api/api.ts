import express, { type Express } from 'express';
import { createAuthenticate } from './authentication.ts';
import { createBmcCalls } from './bmc-calls.ts';
import { createConsoleSockets } from './console/sockets.ts';
import { createMetrics } from './metrics.ts';
import { answerProblems, mountRoutes } from './mount.ts';
import { operationsRouter } from './operations.ts';
import { pagesRouter } from './pages.ts';
import type { ApiOptions, ApiParts } from './parts.ts';
import { numberRequests } from './request-id.ts';
import { aboutRoutes } from './routes/about.ts';
import { assetRoutes } from './routes/assets.ts';
import { bmcRoutes } from './routes/bmc.ts';
import { consoleRoutes } from './routes/console.ts';
import { discoveredRoutes } from './routes/discovered.ts';
import { doctorRoutes } from './routes/doctor.ts';
import { eventRoutes } from './routes/events.ts';
import { createFeeds } from './routes/feeds.ts';
import { hardwareRoutes } from './routes/hardware.ts';
import { loaderRoutes } from './routes/loaders.ts';
import { machineRoutes } from './routes/machines.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/session.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { noStore, securityHeaders } from './security-headers.ts';
import { serveHttp } from './server.ts';
import { createSessions } from './sessions.ts';

export type Api = {
  /** The application, for tests that speak to it without a listening socket. */
  readonly app: Express;
  /** Listens until the signal fires; resolves when every connection is closed. */
  run(signal: AbortSignal): Promise<void>;
};

/** The REST API, its live feeds, and the pages. */
export function createApi(parts: ApiParts, options: ApiOptions): Api {
  const { clock, entropy, tokens } = parts;
  const {
    openMetrics = false,
    mostFeeds = 500,
    mostConsoles,
    heartbeatMs,
    stallMs,
    graceMs = 3000,
    version,
    onListening,
  } = options;
  const log = parts.log.child({ part: 'api' });
  const closing = new AbortController();
  const sessions = createSessions({ clock, entropy });
  const authenticate = createAuthenticate({ tokens, sessions });
  const metrics = createMetrics(parts);
  const feeds = createFeeds({ ...parts, log }, authenticate, {
    mostFeeds,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const consoleSockets = createConsoleSockets({ ...parts, log }, authenticate, {
    ...(mostConsoles === undefined ? {} : { most: mostConsoles }),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  const bmcCalls = createBmcCalls({ ...parts, log });
  const routes = [
    ...machineRoutes(parts),
    // The feed goes before: its path would be taken for a MAC address.
    ...feeds.routes,
    ...discoveredRoutes({ ...parts, log }),
    ...loaderRoutes(parts),
    ...bmcRoutes(parts),
    ...hardwareRoutes(parts, bmcCalls),
    ...runRoutes(parts),
    ...eventRoutes(parts),
    ...consoleRoutes(parts),
    ...assetRoutes(parts),
    ...doctorRoutes(parts),
    ...tokenRoutes({ ...parts, log }),
    ...sessionRoutes(sessions),
  ];

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // `a[b]=c` is not an object here, and a key given twice is an error of the caller.
  app.set('query parser', 'simple');
  app.use(numberRequests(entropy), securityHeaders, metrics.timeRequests);
  app.use('/api/v1', noStore, mountRoutes([...routes, ...aboutRoutes(routes, options)], authenticate));
  const probeStore = (): Promise<unknown> => tokens.list();
  app.use(
    operationsRouter({ clock, metrics, authenticate, probeStore, closing: closing.signal }, { openMetrics, version }),
  );
  app.use(pagesRouter(options.webFolder));
  app.use(mountRoutes([], authenticate));
  app.use(answerProblems(log));

  return {
    app,
    run: (signal) =>
      serveHttp(
        {
          clock,
          log,
          handle: app,
          upgrades: consoleSockets,
          close: async () => {
            closing.abort();
            await Promise.all([feeds.close(), consoleSockets.close(), bmcCalls.close()]);
          },
        },
        { listen: options.listen, graceMs, ...(onListening === undefined ? {} : { onListening }) },
        signal,
      ),
  };
}
