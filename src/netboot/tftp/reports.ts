import type { NewEvent } from '../../domain/event.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Meter } from '../../foundation/meter.ts';
import type { Peers } from '../peers.ts';
import type { Sightings } from '../sightings.ts';
import type { TransferEnd } from './transfer.ts';

export type TransferFacts = { readonly name: string; readonly bytes: number; readonly tookMs: number };

export type TftpReports = {
  ended(address: string, facts: TransferFacts, end: TransferEnd): void;
  refused(address: string, name: string, why: string): void;
};

/** Counts, logs and, where the machine is known, puts into the timeline how requests ended. Nothing waits for it. */
export function createTftpReports(parts: {
  readonly peers: Peers;
  readonly sightings: Sightings;
  readonly log: Log;
  readonly meter: Meter;
}): TftpReports {
  const { peers, sightings, log, meter } = parts;

  function tell(address: string, event: NewEvent): void {
    peers.machineAt(address).then(
      (machine) => {
        if (machine !== undefined) sightings.saw(machine.id, event);
      },
      (error: unknown) =>
        log.error({ address, error: errorText(error) }, 'TFTP sighting: machine could not be looked up'),
    );
  }

  return {
    ended(address, { name, bytes, tookMs }, end) {
      meter.count('netboot_tftp_transfers', { end: end.kind });
      if (end.kind === 'probed') {
        log.debug({ address, name }, 'TFTP size probe');
      } else if (end.kind === 'served') {
        meter.count('netboot_bytes_served', { protocol: 'tftp' }, bytes);
        const unconfirmed = end.confirmed ? {} : { unconfirmed: true };
        const data = { protocol: 'tftp', name, bytes, tookMs: Math.round(tookMs), ...unconfirmed };
        tell(address, { type: 'file.served', source: 'tftp', data });
      } else {
        const why =
          end.kind === 'silent'
            ? 'the machine stopped answering'
            : `the machine ended the transfer with TFTP error ${end.code}`;
        tell(address, { type: 'file.refused', source: 'tftp', data: { protocol: 'tftp', name, why } });
      }
    },
    refused(address, name, why) {
      meter.count('netboot_tftp_refused', { why });
      log.debug({ address, name, why }, 'TFTP request refused');
      tell(address, {
        type: 'file.refused',
        source: 'tftp',
        data: { protocol: 'tftp', name: name.slice(0, 128), why },
      });
    },
  };
}
