import type { Machine, MachineSpec } from '../../src/domain/machine.ts';
import type { PlanEntry, Run, RunRequest, StepName } from '../../src/domain/run.ts';
import type { ActionRecord, StepView } from '../../src/domain/step.ts';
import type { Json, JsonObject } from '../../src/foundation/json.ts';

/** A moment in test time, epoch ms; acts and looks are given relative to it. */
export const T0 = 1_700_000_000_000;

export const SPEC: MachineSpec = {
  name: 'm1',
  macs: ['52:54:00:77:00:01'],
  address: '10.77.0.11',
  bmcs: [{ protocol: 'ipmi', host: '10.77.1.11', user: 'admin', password: 'env:BMC_PASSWORD' }],
  netboot: { kernel: 'vmlinuz', initrds: ['initrd.img'], commandLine: 'console=ttyS0' },
  stage1: { hostKeys: ['ssh-ed25519 AAAAstage1'], identity: 'file:/k' },
  stage3: { hostKeys: ['ssh-ed25519 AAAAstage3'], identity: 'file:/k' },
  disks: [{ name: 'cryptroot', passphrase: 'file:/p' }],
  rebuild: { flake: '/etc/nixos', attribute: 'lab' },
  session: { user: 'alice' },
};

export type ViewOptions = {
  readonly step: StepName;
  readonly request?: RunRequest;
  readonly spec?: Partial<MachineSpec>;
  readonly params?: JsonObject;
  readonly planIndex?: number;
  readonly round?: number;
  readonly actions?: readonly ActionRecord[];
  /** Results by plan index. */
  readonly results?: Readonly<Record<string, Json>>;
  /** The plan's step names; the default has only this step, at its index. */
  readonly plan?: readonly StepName[];
};

/** A step's view of a run in the middle of it. */
export function viewOf(options: ViewOptions): StepView {
  const { step, planIndex = 0, round = 1, actions = [], results = {} } = options;
  const names = options.plan ?? [...Array<StepName>(planIndex).fill('system'), step];
  const plan: PlanEntry[] = names.map((name) => ({ step: name, params: {}, deadlineMs: 60_000 }));
  const entry: PlanEntry = { step, params: options.params ?? {}, deadlineMs: 60_000 };
  const machine: Machine = {
    id: 'machine-1',
    spec: { ...SPEC, ...options.spec },
    source: 'config',
    stage: 'unknown',
    stageAt: T0,
    lastSeq: 10,
    createdAt: T0,
    updatedAt: T0,
  };
  const run: Run = {
    id: 'run1',
    machineId: machine.id,
    request: options.request ?? { kind: 'boot' },
    state: 'running',
    plan,
    cursor: planIndex,
    round,
    stepEnteredAt: T0,
    enteredSeq: 5,
    stepDeadlineAt: T0 + 60_000,
    results,
    error: null,
    actor: 'test',
    cancelRequestedAt: null,
    fence: 1,
    createdAt: T0,
    startedAt: T0,
    endedAt: null,
  };
  const resultsOf = (name: StepName): readonly Json[] =>
    names.slice(0, planIndex).flatMap((candidate, index) => {
      const result = results[String(index)];
      return candidate === name && result !== undefined ? [result] : [];
    });
  return {
    run,
    machine,
    entry,
    planIndex,
    round,
    enteredAt: T0,
    deadlineAt: T0 + 60_000,
    actions: actions.filter((act) => act.planIndex === planIndex && act.round === round),
    allActions: actions,
    enteredSeq: 5,
    resultOf: (name) => resultsOf(name).at(-1),
    resultsOf,
  };
}

/** A recorded act that ended well a second after it began, unless told otherwise. */
export function actOf(label: string, change: Partial<ActionRecord> = {}): ActionRecord {
  return {
    planIndex: 0,
    round: 1,
    label,
    attempt: 1,
    detail: {},
    startedAt: T0,
    endedAt: T0 + 1000,
    result: null,
    error: null,
    ...change,
  };
}
