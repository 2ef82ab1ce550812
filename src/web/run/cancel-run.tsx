import { useState } from 'react';
import type { RunBody } from '../../api/schema/run.ts';
import { call } from '../api/client.ts';
import { useSession } from '../live/session.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';

/** Asks for the run to be cancelled; that it was, comes by the feed. */
export function CancelRun({ run }: { readonly run: RunBody }) {
  const { permissions } = useSession();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  if (run.cancelRequestedAt !== null) return <span className="cancelling">Cancelling…</span>;
  if (!permissions.includes('run.cancel')) return null;

  const cancel = (): void => {
    setBusy(true);
    setError(undefined);
    call('POST', `/runs/${encodeURIComponent(run.id)}/cancel`)
      .then(() => setAsking(false), setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" className="risky" onClick={() => setAsking(true)}>
        Cancel run…
      </button>
      {asking ? (
        <Dialog
          title="Cancel this run?"
          confirm="Cancel run"
          dangerous
          busy={busy}
          onConfirm={cancel}
          onClose={() => setAsking(false)}
        >
          <p>The machine stays in the state it is in by then. Boot orders that are still open are taken back.</p>
          {error === undefined ? null : <ProblemNote error={error} />}
        </Dialog>
      ) : null}
    </>
  );
}
