/** One value a threshold, by its name; the same names as of the domain's thresholds. */
export type RawThresholds = {
  readonly lowerNonCritical: number;
  readonly lowerCritical: number;
  readonly lowerNonRecoverable: number;
  readonly upperNonCritical: number;
  readonly upperCritical: number;
  readonly upperNonRecoverable: number;
};

export type ThresholdName = keyof RawThresholds;

/** Thresholds by their bit in masks and comparisons, 0 to 5. @see IPMI v2.0 rev. 1.1 §35.9, §35.14, §43.1 */
export const thresholdsByBit: readonly ThresholdName[] = [
  'lowerNonCritical',
  'lowerCritical',
  'lowerNonRecoverable',
  'upperNonCritical',
  'upperCritical',
  'upperNonRecoverable',
];
