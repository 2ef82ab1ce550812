/** Privilege levels, each including those below it. @see IPMI v2.0 rev. 1.1 §6.8, Table 6-5 */
export const PrivilegeLevel = { callback: 1, user: 2, operator: 3, administrator: 4, oem: 5 } as const;
export type PrivilegeLevel = (typeof PrivilegeLevel)[keyof typeof PrivilegeLevel];

/** "OPERATOR (3)". */
export function describePrivilegeLevel(level: number): string {
  const name = Object.entries(PrivilegeLevel).find(([, value]) => value === level)?.[0];
  return `${name?.toUpperCase() ?? 'level'} (${level})`;
}
