import type { Generated } from 'kysely';
import type { EventSource, EventType } from '../domain/event.ts';
import type { Machine, Stage } from '../domain/machine.ts';
import type { Lease } from '../domain/ports/netboot.ts';
import type { TokenRole } from '../domain/ports/tokens.ts';
import type { RunKind, RunState } from '../domain/run.ts';

/**
 * The tables, one type for every database. Times are epoch milliseconds in integers, structures are JSON in text that
 * no query looks into, identifiers sort by age. What a column means is said with the domain type that it carries.
 */
export type Database = {
  migrations: MigrationsTable;
  machines: MachinesTable;
  machine_macs: MachineMacsTable;
  events: EventsTable;
  runs: RunsTable;
  run_actions: RunActionsTable;
  idempotency_keys: IdempotencyKeysTable;
  run_outputs: RunOutputsTable;
  run_output_chunks: RunOutputChunksTable;
  boot_attempts: BootAttemptsTable;
  dhcp_leases: DhcpLeasesTable;
  generations: GenerationsTable;
  tokens: TokensTable;
  bmc_pins: BmcPinsTable;
  assets: AssetsTable;
  asset_names: AssetNamesTable;
  asset_uploads: AssetUploadsTable;
  captured_generations: CapturedGenerationsTable;
  consoles: ConsolesTable;
  console_chunks: ConsoleChunksTable;
  boot_loaders: BootLoadersTable;
  discovered_machines: DiscoveredMachinesTable;
  boot_captures: BootCapturesTable;
};

type MigrationsTable = { name: string; applied_at: number };

export type MachinesTable = {
  id: string;
  name: string;
  spec: string;
  source: Machine['source'];
  stage: Stage;
  stage_at: number;
  /** Number of the last event: given out under this row, so that numbers have no gaps. */
  last_seq: Generated<number>;
  created_at: number;
  updated_at: number;
  /** Removed machines stay, so that their events do; name and MAC addresses are free again. */
  removed_at: number | null;
};

type MachineMacsTable = { mac: string; machine_id: string };

export type EventsTable = {
  machine_id: string;
  seq: number;
  at: number;
  type: EventType;
  source: EventSource;
  run_id: string | null;
  step: string | null;
  stage: Stage | null;
  data: string;
};

export type RunsTable = {
  id: string;
  machine_id: string;
  kind: RunKind;
  request: string;
  state: RunState;
  plan: string;
  cursor: number;
  round: number;
  step_entered_at: number | null;
  step_deadline_at: number | null;
  entered_seq: number;
  results: string;
  error: string | null;
  actor: string;
  cancel_requested_at: number | null;
  owner: string | null;
  fence: number;
  /** Null without owner; 0 when ended on purpose, so that the next owner knows of no crash. */
  lease_until: number | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
};

export type RunActionsTable = {
  run_id: string;
  /** 1, 2, 3 … within the run, in the order of starting. */
  number: number;
  plan_index: number;
  round: number;
  label: string;
  attempt: number;
  detail: string;
  started_at: number;
  ended_at: number | null;
  result: string | null;
  error: string | null;
};

type IdempotencyKeysTable = { actor: string; key: string; run_id: string; created_at: number };

type RunOutputsTable = {
  run_id: string;
  plan_index: number;
  /** Bytes of the remote stream seen so far. */
  end_byte: number;
  /** Bytes of it that are kept: the limit ends this before `end_byte`. */
  kept_byte: number;
};

type RunOutputChunksTable = { run_id: string; plan_index: number; from_byte: number; bytes: Uint8Array };

export type BootAttemptsTable = {
  token: string;
  machine_id: string;
  run_id: string;
  round: number;
  boot: string;
  created_at: number;
  expires_at: number;
  ended_at: number | null;
};

export type DhcpLeasesTable = { address: string; mac: string; expires_at: number; state: Lease['state'] };

type GenerationsTable = { machine_id: string; toplevel: string; run_id: string; boot_id: string; proven_at: number };

export type TokensTable = {
  id: string;
  name: string;
  role: TokenRole;
  hash: string;
  created_at: number;
  last_used_at: number | null;
};

type BmcPinsTable = { bmc: string; cipher_suite: number; agreed_at: number };

type BootLoadersTable = { mac: string; architecture: number; loader: string; proven_at: number };

export type DiscoveredMachinesTable = {
  mac: string;
  facts: string;
  first_seen_at: number;
  last_seen_at: number;
  requests: number;
  boots: number;
  ignored_at: number | null;
};

export type BootCapturesTable = {
  machine_id: string;
  run_id: string;
  round: number;
  armed_at: number;
  ended_at: number | null;
  packets: number;
  evidence: string;
  findings: string;
  pcap: Uint8Array;
};

export type AssetsTable = { sha256: string; bytes: number; pinned: number; created_at: number; used_at: number };

/** A label names one asset at a time. */
type AssetNamesTable = { name: string; sha256: string };

export type AssetUploadsTable = {
  id: string;
  sha256: string;
  bytes: number;
  name: string | null;
  created_at: number;
  touched_at: number;
};

export type CapturedGenerationsTable = {
  machine_id: string;
  toplevel: string;
  kernel: string;
  initrds: string;
  command_line: string;
  captured_at: number;
};

type ConsolesTable = {
  machine_id: string;
  /** Bytes of the machine's console so far; stays when the oldest of them are removed. */
  end_byte: number;
  /** Sum of what its chunks cost. */
  kept_bytes: number;
};

export type ConsoleChunksTable = {
  machine_id: string;
  from_byte: number;
  /** Of two at one place the mark comes first: 0 a mark, 1 text. */
  part: 0 | 1;
  at: number;
  run_id: string | null;
  bytes: Uint8Array;
  lost: string | null;
  /** What it counts against the machine's limit: its bytes and some for the row. */
  cost: number;
};
