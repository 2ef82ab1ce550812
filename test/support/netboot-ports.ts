import type { ArmedBoot } from '../../src/domain/armed-boot.ts';
import type { NewEvent, TimelineEvent } from '../../src/domain/event.ts';
import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { AttemptKey, BootCapture, BootCaptures } from '../../src/domain/ports/boot-captures.ts';
import type { Machines } from '../../src/domain/ports/machines.ts';
import type { BootAttempt, BootAttempts, Lease, Leases } from '../../src/domain/ports/netboot.ts';
import type { Timeline } from '../../src/domain/ports/timeline.ts';
import { NotFoundError } from '../../src/foundation/errors.ts';

/** A machine with what netboot looks at; the rest is there because the type has it. */
export function sampleMachine(spec: Partial<MachineSpec> & Pick<MachineSpec, 'name' | 'macs' | 'address'>): Machine {
  return {
    id: `id-${spec.name}`,
    spec: {
      bmcs: [],
      disks: [],
      stage3: { hostKeys: [], identity: { kind: 'file', path: '/nowhere' } as never },
      ...spec,
    },
    source: 'config',
    stage: 'unknown',
    stageAt: 0,
    lastSeq: 0,
    createdAt: 0,
    updatedAt: 0,
  };
}

export type MemoryMachines = Pick<Machines, 'get' | 'list' | 'findByMac'>;

export function memoryMachines(machines: readonly Machine[]): MemoryMachines {
  return {
    list: async () => machines,
    async get(nameOrId) {
      const found = machines.find(({ id, spec }) => id === nameOrId || spec.name === nameOrId);
      if (found === undefined) throw new NotFoundError(`no machine ${nameOrId}`);
      return found;
    },
    findByMac: async (mac) => machines.find(({ spec }) => spec.macs.includes(mac)),
  };
}

export type MemoryAttempts = Pick<BootAttempts, 'current' | 'find' | 'armed'> & {
  arm(
    machine: Machine,
    boot: ArmedBoot,
    options?: { readonly token?: string; readonly expiresAt?: number },
  ): BootAttempt;
  end(token: string): void;
};

export function memoryAttempts(now: () => number): MemoryAttempts {
  const attempts = new Map<string, BootAttempt & { readonly ended: boolean }>();
  let count = 0;
  return {
    arm(machine, boot, { token, expiresAt } = {}) {
      count += 1;
      const attempt = {
        token: token ?? `token${String(count).padStart(27, '0')}`,
        machineId: machine.id,
        runId: `run-${count}`,
        round: 1,
        boot,
        createdAt: now(),
        expiresAt: expiresAt ?? now() + 600_000,
      };
      attempts.set(attempt.token, { ...attempt, ended: false });
      return attempt;
    },
    end(token) {
      const attempt = attempts.get(token);
      if (attempt !== undefined) attempts.set(token, { ...attempt, ended: true });
    },
    current: async (machineId) =>
      [...attempts.values()].findLast((each) => each.machineId === machineId && !each.ended && each.expiresAt > now()),
    armed: async () => [...attempts.values()].filter((each) => !each.ended && each.expiresAt > now()),
    find: async (token) => attempts.get(token),
  };
}

/** @param beforePut awaited in each `put`, so that a test can hold the disk back */
export function memoryLeases(beforePut: () => Promise<void> = async () => undefined): Leases {
  const byAddress = new Map<string, Lease>();
  async function putAll(leases: readonly Lease[]): Promise<void> {
    await beforePut();
    for (const lease of leases) {
      for (const [address, { mac, state }] of byAddress)
        if (mac === lease.mac && state !== 'declined' && lease.state !== 'declined') byAddress.delete(address);
      byAddress.set(lease.address, lease);
    }
  }
  return {
    ofMac: async (mac) => [...byAddress.values()].find((lease) => lease.mac === mac && lease.state !== 'declined'),
    ofAddress: async (address) => byAddress.get(address),
    list: async () => [...byAddress.values()],
    put: (lease) => putAll([lease]),
    putAll,
    async remove(address) {
      byAddress.delete(address);
    },
  };
}

/** A timeline that keeps everything, for looking at afterwards. */
export function memoryTimeline(
  now: () => number,
): Timeline & { readonly events: TimelineEvent[]; types(): readonly string[] } {
  const events: TimelineEvent[] = [];
  const listeners = new Set<(machineId: string) => void>();
  return {
    events,
    types: () => events.map(({ type }) => type),
    async append(machineId: string, added: readonly NewEvent[]) {
      const numbered = added.map((event, index) => ({
        ...event,
        machineId,
        seq: events.length + index + 1,
        at: now(),
      }));
      events.push(...numbered);
      for (const wake of listeners) wake(machineId);
      return numbered;
    },
    read: async (machineId) => events.filter((event) => event.machineId === machineId),
    readRun: async (runId) => events.filter((event) => event.runId === runId),
    onChange(wake) {
      listeners.add(wake);
      return { [Symbol.dispose]: () => void listeners.delete(wake) };
    },
  };
}

export type MemoryBootCaptures = BootCaptures & {
  /** What was written last of each attempt, in the order in which they came. */
  readonly kept: readonly (BootCapture & { readonly pcap: Buffer })[];
};

/** @param beforeKeep awaited in each `keep`, so that a test can hold the disk back or let it fail */
export function memoryBootCaptures(beforeKeep: () => Promise<void> = async () => undefined): MemoryBootCaptures {
  const kept: (BootCapture & { readonly pcap: Buffer })[] = [];
  const same = (a: AttemptKey) => (b: AttemptKey) =>
    a.machineId === b.machineId && a.runId === b.runId && a.round === b.round;
  return {
    kept,
    async keep(captures) {
      await beforeKeep();
      for (const capture of captures) {
        const index = kept.findIndex(same(capture));
        if (index >= 0) kept[index] = capture;
        else kept.push(capture);
      }
    },
    list: async (machineId) => kept.filter((each) => each.machineId === machineId).reverse(),
    find: async (attempt) => kept.find(same(attempt)),
    packets: async (attempt) => kept.find(same(attempt))?.pcap,
  };
}
