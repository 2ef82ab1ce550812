import {
  type BootAnswer,
  type BootRequest,
  decideBoot,
  type InterfaceMode,
  type LoaderNames,
} from '../../domain/boot-policy.ts';
import type { NewEvent } from '../../domain/event.ts';
import type { Machine } from '../../domain/machine.ts';
import type { BootAttempt, BootDirectory } from '../../domain/ports/netboot.ts';
import { describeDhcpMessage } from '../../protocols/dhcp/message.ts';
import { attemptUrl, SCRIPT_NAME } from '../boot-urls.ts';
import type { Sightings } from '../sightings.ts';
import type { Strangers } from '../strangers.ts';
import type { UnderstoodRequest } from './understand.ts';

export type BootDeskDeps = {
  readonly directory: BootDirectory;
  readonly sightings: Sightings;
  readonly strangers: Strangers;
};

export type BootDeskOptions = {
  readonly mode: InterfaceMode;
  readonly loaders: LoaderNames;
  /** Where scripts are served: `http://10.77.0.1:8480`. */
  readonly scriptBaseUrl: string;
};

type Channel = BootRequest['channel'];
export type Consultation = { readonly machine: Machine; readonly answer: Exclude<BootAnswer, { kind: 'ignore' }> };

export type BootDesk = {
  /** Finds the machine, asks the policy and reports the question; undefined: no answer. */
  consult(
    request: UnderstoodRequest,
    messageType: BootRequest['messageType'],
    channel: Channel,
  ): Promise<Consultation | undefined>;
  /** The file name for a reply: a loader's name, a script's URL, or nothing. */
  fileOf(answer: Consultation['answer']): string | undefined;
  /** Reports that a boot file was offered, never with the token of its URL. */
  offered(consultation: Consultation, channel: Channel): void;
};

/** What the two DHCP listeners share: from an understood request to the policy's answer, with its sightings. */
export function createBootDesk(deps: BootDeskDeps, options: BootDeskOptions): BootDesk {
  const { directory, sightings, strangers } = deps;
  const { mode, loaders, scriptBaseUrl } = options;
  return {
    async consult(request, messageType, channel) {
      const machine = await directory.machineByMac(request.mac);
      if (machine === undefined) {
        strangers.saw(request.mac, channel, describeDhcpMessage(request.message));
        return undefined;
      }
      const attempt = await directory.attemptOf(machine.id);
      const asked: BootRequest = { ...request.client, channel, messageType };
      const answer = decideBoot({ mode, machine, attempt, request: asked, loaders });
      const wantsBoot = asked.client !== 'other' || asked.loader === 'ipxe';
      if (wantsBoot) sightings.saw(machine.id, askedEvent(asked, attempt));
      if (answer.kind === 'ignore') {
        // The proxy's silence about a request to the other server is no refusal to boot.
        if (wantsBoot && answer.why !== 'other-server-leads')
          sightings.saw(machine.id, ignoredEvent(channel, answer.why));
        return undefined;
      }
      if (answer.kind === 'lease' && answer.why !== null) sightings.saw(machine.id, ignoredEvent(channel, answer.why));
      return { machine, answer };
    },
    fileOf(answer) {
      if (answer.kind === 'lease') return undefined;
      return answer.kind === 'loader' ? answer.name : attemptUrl(scriptBaseUrl, answer.attempt, SCRIPT_NAME);
    },
    offered({ machine, answer }, channel) {
      if (answer.kind === 'lease') return;
      const file = answer.kind === 'loader' ? answer.name : SCRIPT_NAME;
      const { runId, round } = answer.attempt;
      const data = { protocol: channel, file, attempt: round };
      sightings.saw(machine.id, { type: 'boot.offered', source: 'dhcp', runId, data });
    },
  };
}

function askedEvent(asked: BootRequest, attempt: BootAttempt | undefined): NewEvent {
  const { channel, messageType, loader } = asked;
  const architecture = asked.architectures[0] ?? null;
  return {
    type: 'boot.asked',
    source: 'dhcp',
    data: { protocol: channel, messageType, architecture, loader },
    stage: '0',
    ...(attempt === undefined ? {} : { runId: attempt.runId }),
  };
}

function ignoredEvent(channel: Channel, why: string): NewEvent {
  return { type: 'boot.ignored', source: 'dhcp', data: { protocol: channel, why } };
}
