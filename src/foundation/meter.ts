/** Labels of a counter; values come from small closed sets, never from a remote's bytes. */
export type MeterLabels = Readonly<Record<string, string>>;

/** Counts what is dropped or served, so that nothing vanishes without a trace. Shown by the API's /metrics. */
export type Meter = {
  /** Adds `by` (default 1) to the counter `name` with these labels. */
  count(name: string, labels?: MeterLabels, by?: number): void;
};

export type CounterReading = { readonly name: string; readonly labels: MeterLabels; readonly value: number };

/** A meter kept in memory, and its readings in the order in which they first appeared. */
export function createMeter(): Meter & {
  readings(): readonly CounterReading[];
  value(name: string, labels?: MeterLabels): number;
} {
  const counters = new Map<string, { name: string; labels: MeterLabels; value: number }>();
  const keyOf = (name: string, labels: MeterLabels): string => {
    const names = Object.keys(labels);
    if (names.length > 1) names.sort();
    let key = name;
    for (const each of names) key += `\0${each}\0${labels[each]}`;
    return key;
  };
  return {
    count(name, labels = {}, by = 1) {
      const key = keyOf(name, labels);
      const counter = counters.get(key);
      if (counter) counter.value += by;
      else counters.set(key, { name, labels, value: by });
    },
    readings: () => [...counters.values()].map((counter) => ({ ...counter })),
    value: (name, labels = {}) => counters.get(keyOf(name, labels))?.value ?? 0,
  };
}
