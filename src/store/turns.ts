/** Lets one in at a time, in the order in which they came. */
export type Turns = {
  /** Resolves when it is the caller's turn, which lasts until the result is disposed of. */
  take(): Promise<Disposable>;
};

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const before = last;
      last = promise;
      await before;
      return { [Symbol.dispose]: resolve };
    },
  };
}
