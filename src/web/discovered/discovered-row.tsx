import { useState } from 'react';
import type { DiscoveredMachineBody } from '../../api/schema/discovered.ts';
import { call } from '../api/client.ts';
import { ProblemNote } from '../ui/problem-note.tsx';
import { Ago } from '../ui/times.tsx';
import { ApproveDialog } from './approve-dialog.tsx';
import { firmwareText, oftenText, placeText } from './words.ts';

type Props = {
  readonly machine: DiscoveredMachineBody;
  readonly mayWrite: boolean;
  /** The list is another now. */
  readonly changed: () => void;
};

/** One network card, with what can be done about it. */
export function DiscoveredRow({ machine, mayWrite, changed }: Props) {
  const [busy, setBusy] = useState(false);
  const [approving, setApproving] = useState(false);
  const [error, setError] = useState<unknown>();
  const { mac, uuid, hostname, vendorClass, sameMachine, lastSeenAt, ignoredAt } = machine;
  const path = `/discovered-machines/${encodeURIComponent(mac)}`;
  const act = (method: string, at: string): void => {
    setBusy(true);
    setError(undefined);
    call(method, at)
      .then(changed, setError)
      .finally(() => setBusy(false));
  };
  const ignored = ignoredAt !== null;
  return (
    <li>
      <span className="card-of">
        <strong>{mac}</strong>
        {hostname === null ? null : <span>{hostname}</span>}
        {sameMachine.length === 0 ? null : <span className="since">same machine as {sameMachine.join(', ')}</span>}
      </span>
      <span className="card-of">
        <span title={vendorClass ?? undefined}>{firmwareText(machine)}</span>
        <span className="since">{uuid === null ? 'no UUID' : `UUID ${uuid}`}</span>
      </span>
      <span className="card-of since">
        <span>{placeText(machine)}</span>
        <span>
          <Ago at={lastSeenAt} />, {oftenText(machine)}
        </span>
      </span>
      {mayWrite ? (
        <span className="answers">
          {ignored ? null : (
            <button type="button" className="primary" aria-label={`Approve ${mac}`} onClick={() => setApproving(true)}>
              Approve…
            </button>
          )}
          <button
            type="button"
            aria-label={`${ignored ? 'No longer ignore' : 'Ignore'} ${mac}`}
            disabled={busy}
            onClick={() => act('POST', `${path}/${ignored ? 'unignore' : 'ignore'}`)}
          >
            {ignored ? 'Show again' : 'Ignore'}
          </button>
          <button
            type="button"
            className="quiet"
            aria-label={`Forget ${mac}`}
            title="It comes back when it asks again."
            disabled={busy}
            onClick={() => act('DELETE', path)}
          >
            Forget
          </button>
        </span>
      ) : null}
      {error === undefined ? null : <ProblemNote error={error} />}
      {approving ? <ApproveDialog machine={machine} close={() => setApproving(false)} /> : null}
    </li>
  );
}
