import { type ErrorOptions, ServiceError } from '../foundation/errors.ts';

/** What only a web server can say no to: the status and its own stable code. */
const CODES = {
  unauthorized: 401,
  forbidden: 403,
  'csrf-header-missing': 403,
  'origin-refused': 403,
  'no-such-route': 404,
  'method-not-allowed': 405,
  'wrong-offset': 409,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'upgrade-required': 426,
  'bmc-not-usable': 502,
  'too-many-feeds': 503,
  'too-many-consoles': 503,
  'bmc-busy': 503,
  'not-ready': 503,
} as const;

export type HttpErrorCode = keyof typeof CODES;

/** A refusal by the web server itself, before any part behind it was asked. */
export class HttpError extends ServiceError {
  readonly code: HttpErrorCode;
  readonly status: number;
  /** Sent with the answer: `Allow`, `WWW-Authenticate`, `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: HttpErrorCode,
    message: string,
    options: ErrorOptions & { readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = CODES[code];
    this.headers = options.headers ?? {};
  }
}

export const HTTP_ERROR_CODES = Object.keys(CODES) as readonly HttpErrorCode[];
