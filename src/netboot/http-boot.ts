import type { Server } from 'node:http';
import { availableParallelism } from 'node:os';
import { ConfigError, errorText } from '../foundation/errors.ts';
import { bootBaseUrl } from './boot-urls.ts';
import { type Component, createReadiness, runComponent, untilAborted } from './component.ts';
import { createAdmission } from './http/admission.ts';
import {
  type BootHandler,
  type BootHandlerDeps,
  type BootHandlerOptions,
  createBootHandler,
} from './http/boot-handler.ts';
import { type Listening, listen as listenAt, listenInherited } from './http/listen.ts';
import { type BootServerOptions, createBootServer } from './http/server.ts';
import { createTlsIdentity, type TlsIdentity, type TlsIdentityOptions } from './http/tls/identity.ts';
import { EVERYWHERE, type httpSockets } from './options.ts';

/** HTTPS beside HTTP, for machines that know our certificate. */
export type HttpsBootOptions = {
  readonly port: number;
  /** `always`: boot URLs are HTTPS, and machines must trust the certificate. `never`: it is served to those who come by themselves. */
  readonly offer: 'never' | 'always';
  /** Default: issued by our own authority. */
  readonly certificate?: TlsIdentityOptions['certificate'];
};

export type HttpBootOptions = Omit<BootHandlerOptions, 'authority' | 'httpsPort'> &
  BootServerOptions & {
    /** Address to listen on. */
    readonly address: string;
    /** Further addresses, IPv6 too, with the same ports. */
    readonly furtherAddresses?: readonly string[];
    readonly port: number;
    /** Machines that fetch kernels and initrds at once; others get 503 with Retry-After. Default: 32 a processor, at least 64. */
    readonly maximumTransfers?: number;
    /** What they get together in the mean. Default: no limit. */
    readonly maximumBytesPerSecond?: number;
    readonly https?: HttpsBootOptions & Pick<TlsIdentityOptions, 'folder'>;
    /** Inherited sockets to listen on, by address or {@link EVERYWHERE}; their port is the one that counts. Default none. */
    readonly sockets?: ReturnType<typeof httpSockets>;
  };

export type HttpBootBound = {
  readonly address: string;
  readonly port: number;
  readonly httpsPort?: number;
  /** What the boot URLs of machines that ask at one of our addresses begin with. */
  baseUrlAt(address: string): string;
};

export type HttpBoot = Component<HttpBootBound> & {
  /** The same answers for a server of someone else's. */
  readonly handler: BootHandler;
};

const SWEEP_MS = 15_000;

/** Serves scripts, kernels, initrds and loaders over HTTP/1.1, and over HTTPS when that is set. */
export function createHttpBoot(deps: Omit<BootHandlerDeps, 'admission'>, options: HttpBootOptions): HttpBoot {
  const { log, cache, clock, meter } = deps;
  const { address, port, furtherAddresses = [], https, sockets = new Map() } = options;
  const { maximumTransfers = defaultTransfers(), maximumBytesPerSecond } = options;
  const limits = { maximumTransfers, ...(maximumBytesPerSecond === undefined ? {} : { maximumBytesPerSecond }) };
  const admission = createAdmission({ clock, meter }, limits);
  const readiness = createReadiness<HttpBootBound>();
  let identity: TlsIdentity | undefined;
  let httpsPort: number | undefined;
  const handler = createBootHandler(
    { ...deps, admission },
    {
      ...options,
      authority: () => identity?.authority,
      httpsPort: offeredHttpsPort,
    },
  );

  function offeredHttpsPort(): number | undefined {
    return https?.offer === 'always' ? httpsPort : undefined;
  }

  async function serve(signal: AbortSignal): Promise<void> {
    const served: Listening[] = [];
    const secure: (Server & { setSecureContext(context: TlsIdentity['current']): void })[] = [];
    async function listen(kind: 'http' | 'https', port: number, tls?: TlsIdentity): Promise<number> {
      let bound: number | undefined;
      for (const place of placesOf(kind)) {
        const server = createBootServer({ handler, log, meter }, options, tls?.current);
        const what = `the inherited socket of ${kind} for ${place.address}`;
        const listening =
          place.fd === undefined
            ? await listenAt(server, place.address, bound ?? port)
            : await listenInherited(server, place.fd, what);
        served.push(listening);
        if ('setSecureContext' in server) secure.push(server);
        if (bound !== undefined && listening.port !== bound)
          throw new ConfigError(`${what} has port ${listening.port}, another one ${bound}: boot URLs have one port`);
        bound = listening.port;
      }
      return bound ?? port;
    }
    try {
      const plainPort = await listen('http', port);
      if (https !== undefined) {
        const { certificate, folder } = https;
        const addresses = [address, ...furtherAddresses];
        identity = await createTlsIdentity(
          { clock, log },
          { folder, addresses, ...(certificate === undefined ? {} : { certificate }) },
        );
        httpsPort = await listen('https', https.port, identity);
      }
      const at = { address, port: plainPort, ...(httpsPort === undefined ? {} : { httpsPort }) };
      log.info(at, 'boot files are served over HTTP');
      readiness.resolve({ ...at, baseUrlAt: (own) => baseUrlAt(own, plainPort) });
      const ended = new AbortController();
      const sweeping = sweep(AbortSignal.any([signal, ended.signal]), (context) => {
        for (const server of secure) server.setSecureContext(context);
      });
      await untilAborted(signal, []);
      ended.abort();
      await sweeping;
    } finally {
      await Promise.all(served.map((each) => each.close()));
    }
  }

  /** Where to listen; inherited sockets first, since theirs is the port of the others too. */
  function placesOf(kind: 'http' | 'https'): readonly { readonly address: string; readonly fd: number | undefined }[] {
    const everywhere = sockets.get(EVERYWHERE)?.[kind];
    if (everywhere !== undefined) return [{ address, fd: everywhere }];
    const places = [address, ...furtherAddresses].map((each) => ({ address: each, fd: sockets.get(each)?.[kind] }));
    return [...places.filter(({ fd }) => fd !== undefined), ...places.filter(({ fd }) => fd === undefined)];
  }

  function baseUrlAt(own: string, plainPort: number): string {
    if (options.baseUrl !== undefined) return options.baseUrl;
    const offered = offeredHttpsPort();
    return offered === undefined ? bootBaseUrl(own, plainPort) : bootBaseUrl(own, offered, 'https');
  }

  async function sweep(signal: AbortSignal, renew: (context: TlsIdentity['current']) => void): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS, signal).catch(() => undefined);
      cache.sweep();
      const context = await identity?.renewed().catch((error: unknown) => {
        log.error({ error: errorText(error) }, 'HTTPS certificate could not be renewed; the one before stays');
        return undefined;
      });
      if (context !== undefined) renew(context);
    }
  }

  return { handler, ready: readiness.ready, run: (signal) => runComponent(readiness, signal, () => serve(signal)) };
}

/** So many share a 10 Gbit/s link that each still gets a 60 MB initrd in a few seconds; one processor sends several times that. */
function defaultTransfers(): number {
  return Math.max(64, 32 * availableParallelism());
}
