/** What comes up a serial console, in order. */
export type SerialConsoleEvent =
  /** The line is up; `input` tells whether what is written reaches the machine. */
  | { readonly kind: 'connected' }
  /** A view that is the receiver's to copy. */
  | { readonly kind: 'output'; readonly bytes: Buffer }
  /** Output is missing right here: overrun in the controller, or numbers skipped. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The machine sent a break. */
  | { readonly kind: 'break' }
  /** The line is gone; it is set up again after `retryMs`, or never (null) until somebody asks for it. */
  | {
      readonly kind: 'disconnected';
      /** `stolen`: another console took it, and taking it back is for a person to decide. */
      readonly reason: 'stolen' | 'occupied' | 'lost' | 'refused';
      readonly why: string;
      readonly retryMs: number | null;
    };

export type SerialConsoleOptions = {
  /** Take the console from whoever has it now, once. Default false: `occupied` is reported instead. */
  readonly steal?: boolean;
};

/** A serial console that is set up, watched and set up again until it is disposed. */
export type SerialConsole = AsyncDisposable & {
  /**
   * Sends input; resolves when the controller has taken all of it, in order with other writes.
   * @throws UnreachableError when the line goes down first; what was taken by then is told in `details.taken`
   */
  write(bytes: Buffer, signal: AbortSignal): Promise<void>;
  sendBreak(signal: AbortSignal): Promise<void>;
  /** Sets the line up now, after it was stolen, occupied or refused; `steal` as in the options. */
  reconnect(options: SerialConsoleOptions): void;
};

/** Opens the console and reports on it until it is disposed; never rejects for the line's sake, which is an event. */
export type OpenSerialConsole = (
  onEvent: (event: SerialConsoleEvent) => void,
  options: SerialConsoleOptions,
) => SerialConsole;
