import type { BootRoute } from './route.ts';

/** A request over HTTP as it came, with what is known of who asks. */
export type WatchedRequest = {
  readonly address: string;
  readonly route: BootRoute;
  /** As the timeline has it; never a URL. */
  readonly name: string;
  /** Whose attempt it is; undefined for loaders, which belong to nobody. */
  readonly machineId: string | undefined;
  /** It is told to come again later. */
  readonly putOff?: boolean;
  readonly refused?: { readonly status: number; readonly why: string };
};

/** Sees requests before they are served; must be quick and never throw. */
export type RequestWatch = { saw(request: WatchedRequest): void };

export const noRequestWatch: RequestWatch = { saw: () => undefined };
