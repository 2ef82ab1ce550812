import { useState } from 'react';
import type { CollectedBody } from '../../api/schema/asset.ts';
import { call } from '../api/client.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { bytesText } from '../words/brief.ts';

/** Asks, then has everything removed that nothing needs. */
export function CollectAssets({ done }: { readonly done: (what: string) => void }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const collect = (): void => {
    setBusy(true);
    setError(undefined);
    call<CollectedBody>('POST', '/assets/collect')
      .then(({ removed, freedBytes }) => {
        setAsking(false);
        const what = removed.length === 1 ? 'One asset was' : `${removed.length} assets were`;
        done(
          removed.length === 0 ? 'There was nothing to remove.' : `${what} removed, ${bytesText(freedBytes)} freed.`,
        );
      }, setError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" onClick={() => setAsking(true)}>
        Collect garbage…
      </button>
      {asking ? (
        <Dialog
          title="Remove what nothing needs?"
          confirm="Collect"
          dangerous
          busy={busy}
          onConfirm={collect}
          onClose={() => setAsking(false)}
        >
          <p>
            Kept is what is pinned, declared for a machine, armed, part of a proven generation, being uploaded, or was
            used lately.
          </p>
          {error === undefined ? null : <ProblemNote error={error} />}
        </Dialog>
      ) : null}
    </>
  );
}
