import type { Machine, MachineSpec } from '../machine.ts';

/** The inventory. Names and MAC addresses are unique among machines that are not removed. */
export type Machines = {
  list(): Promise<readonly Machine[]>;
  /** By name or id. @throws NotFoundError */
  get(nameOrId: string): Promise<Machine>;
  /** By any of its MAC addresses, lower case with colons. */
  findByMac(mac: string): Promise<Machine | undefined>;
  /** @throws ConflictError when name or a MAC address is taken, naming by whom */
  declare(spec: MachineSpec, source: Machine['source'], actor: string): Promise<Machine>;
  /** Replaces the specification. @throws NotFoundError, ConflictError */
  change(nameOrId: string, spec: MachineSpec, source: Machine['source'], actor: string): Promise<Machine>;
  /** @throws NotFoundError; ConflictError while a run is active */
  remove(nameOrId: string, actor: string): Promise<void>;
};
