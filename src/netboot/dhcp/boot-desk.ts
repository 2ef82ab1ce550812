import { type LoaderNames, loadersFor } from '../../domain/boot/loader-names.ts';
import {
  type BootAnswer,
  type BootRequest,
  decideBoot,
  type InterfaceMode,
  wantsBoot,
} from '../../domain/boot-policy.ts';
import type { NewEvent } from '../../domain/event.ts';
import type { Machine } from '../../domain/machine.ts';
import type { BootAttempt, BootDirectory } from '../../domain/ports/netboot.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import { architectureName } from '../../protocols/pxe/architecture.ts';
import { STOP_TEXT } from '../assets/served-scripts.ts';
import type { BootProgress } from '../boot-progress.ts';
import { SCRIPT_NAME } from '../boot-urls.ts';
import type { Sightings } from '../sightings.ts';
import type { Strangers } from '../strangers.ts';
import type { BootQuestion } from './boot-question.ts';
import { type BootWord, bootWordOf } from './boot-word.ts';

export type BootDeskDeps = {
  readonly directory: BootDirectory;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
  readonly progress: Pick<BootProgress, 'asked' | 'offered'>;
};

export type BootDeskOptions = {
  readonly mode: InterfaceMode;
  readonly loaders: LoaderNames;
  /** Where scripts and loaders are served: `http://10.77.0.1:8480`. */
  readonly scriptBaseUrl: string;
};

type Channel = BootRequest['channel'];
export type Consultation = {
  readonly machine: Machine;
  readonly mac: string;
  readonly answer: Exclude<BootAnswer, { kind: 'ignore' }>;
  /** The answer's boot part for this client; undefined: an address and nothing to boot. */
  readonly boot: BootWord | undefined;
};

export type BootDesk = {
  /** Finds the machine, asks the policy and reports the question; undefined: no answer. */
  consult(
    request: BootQuestion,
    messageType: BootRequest['messageType'],
    channel: Channel,
  ): Promise<Consultation | undefined>;
  /** Reports that a boot file was offered, never with the token of its URL. */
  offered(consultation: Consultation, channel: Channel): void;
};

/** What the DHCP listeners of both families share: from an understood request to the policy's answer, with its sightings. */
export function createBootDesk(deps: BootDeskDeps, options: BootDeskOptions): BootDesk {
  const { directory, sightings, strangers, progress } = deps;
  const { mode, loaders, scriptBaseUrl } = options;
  return {
    async consult(request, messageType, channel) {
      const { mac, vendorClass } = request;
      const machine = await directory.machineByMac(mac);
      if (machine === undefined) {
        strangers.saw(request, channel);
        return undefined;
      }
      const attempt = await directory.attemptOf(machine.id);
      const asked: BootRequest = { ...request.client, channel, messageType };
      const boots = wantsBoot(asked);
      const { architecture } = loadersFor(asked, loaders);
      const history = boots ? await progress.asked(mac, asked, architecture, attempt) : NO_HISTORY;
      const answer = decideBoot({ mode, machine, attempt, request: asked, loaders, history });
      if (boots) sightings.saw(machine.id, askedEvent(asked, request.uuids, attempt));
      // The proxy's silence about a request to the other server is no refusal to boot.
      const refused = answer.kind === 'ignore' || answer.kind === 'lease' ? answer.why : null;
      if (boots && refused !== null && refused !== 'other-server-leads')
        sightings.saw(machine.id, ignoredEvent(channel, asked, answer));
      if (answer.kind === 'ignore') return undefined;
      const parts = { request: asked, vendorClass, firmware: machine.spec.firmware, loaders, baseUrl: scriptBaseUrl };
      return { machine, mac, answer, boot: bootWordOf(answer, parts) };
    },
    offered({ machine, mac, answer, boot }, channel) {
      if (answer.kind === 'lease') return;
      progress.offered(mac, machine.id, answer);
      const { runId, round } = answer.attempt;
      const data = { protocol: channel, ...offeredData(answer, boot), attempt: round };
      sightings.saw(machine.id, { type: 'boot.offered', source: 'dhcp', runId, data });
    },
  };
}

const NO_HISTORY = { hops: 0, replaced: false, experience: () => ({ proven: undefined, failed: [] }) };

function offeredData(
  answer: Exclude<BootAnswer, { kind: 'ignore' | 'lease' }>,
  boot: BootWord | undefined,
): Record<string, string> {
  switch (answer.kind) {
    case 'script':
      return { file: SCRIPT_NAME };
    case 'loader': {
      const by: Record<string, string> = answer.by === 'http' ? { by: 'http' } : {};
      return { file: answer.name, ...by, ...(answer.insteadOf === null ? {} : { insteadOf: answer.insteadOf }) };
    }
    case 'stop':
      // A boot ROM is shown the text itself.
      return { ...(boot?.kind === 'file' ? { file: boot.file } : {}), why: answer.why, message: STOP_TEXT[answer.why] };
    default:
      return unreachableCase(answer, 'boot answer');
  }
}

function askedEvent(asked: BootRequest, uuids: readonly string[], attempt: BootAttempt | undefined): NewEvent {
  const { channel, messageType, loader, client, board } = asked;
  const architecture = asked.architectures[0] ?? null;
  const [uuid] = uuids;
  return {
    type: 'boot.asked',
    source: 'dhcp',
    data: {
      protocol: channel,
      messageType,
      architecture,
      loader,
      ...(client === 'http' ? { client } : {}),
      ...(board === null ? {} : { board }),
      ...(uuid === undefined ? {} : { uuid }),
    },
    stage: '0',
    ...(attempt === undefined ? {} : { runId: attempt.runId }),
  };
}

function ignoredEvent(channel: Channel, asked: BootRequest, answer: BootAnswer): NewEvent {
  const refusal = answer.kind === 'ignore' || answer.kind === 'lease' ? answer : undefined;
  const architectures = asked.architectures.slice(0, 4).map(architectureName).join(', ');
  const named = refusal?.why === 'unsupported-architecture' && architectures !== '' ? { architectures } : {};
  const detail = refusal?.detail === undefined ? {} : { detail: refusal.detail };
  const data = { protocol: channel, why: refusal?.why ?? '', ...named, ...detail };
  return { type: 'boot.ignored', source: 'dhcp', data };
}
