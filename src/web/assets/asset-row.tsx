import { useState } from 'react';
import type { AssetBody } from '../../api/schema/asset.ts';
import { call } from '../api/client.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { Ago } from '../ui/times.tsx';
import { bytesText } from '../words/brief.ts';

type Props = {
  readonly asset: AssetBody;
  readonly mayWrite: boolean;
  /** Something is otherwise now, and this is what. */
  readonly changed: (what: string) => void;
};

const NEED_WORDS = {
  pinned: 'pinned',
  declared: 'declared for a machine',
  armed: 'armed',
  proven: 'of a proven generation',
  uploading: 'being uploaded',
} as const satisfies Record<AssetBody['needs'][number], string>;

/** One asset, with what can be done about it. */
export function AssetRow({ asset, mayWrite, changed }: Props) {
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const { sha256, names, bytes, pinned, needs, usedAt } = asset;
  const title = names[0] ?? `${sha256.slice(0, 12)}…`;
  const act = (request: Promise<unknown>, what: string): void => {
    setBusy(true);
    setError(undefined);
    request
      .then(() => {
        setAsking(false);
        changed(what);
      }, setError)
      .finally(() => setBusy(false));
  };
  const pin = (): void =>
    act(
      call('PUT', `/assets/${sha256}`, { body: { pinned: !pinned } }),
      `${title} is ${pinned ? 'no longer pinned' : 'pinned'}.`,
    );
  const remove = (): void => act(call('DELETE', `/assets/${sha256}`), `${title} was removed.`);

  return (
    <li>
      <span className="asset">
        <strong>{names.length === 0 ? 'without a name' : names.join(', ')}</strong>
        <code title={sha256}>{sha256.slice(0, 16)}…</code>
      </span>
      <span className="size">{bytesText(bytes)}</span>
      <span className={needs.length === 0 ? 'needs none' : 'needs'}>
        {needs.length === 0 ? 'may be collected' : needs.map((need) => NEED_WORDS[need]).join(', ')}
      </span>
      <span className="since">
        used <Ago at={usedAt} />
      </span>
      {mayWrite ? (
        <span className="answers">
          <button type="button" aria-label={`${pinned ? 'Unpin' : 'Pin'} ${title}`} disabled={busy} onClick={pin}>
            {pinned ? 'Unpin' : 'Pin'}
          </button>
          <button
            type="button"
            className="risky"
            aria-label={`Remove ${title}`}
            disabled={busy}
            onClick={() => setAsking(true)}
          >
            Remove…
          </button>
        </span>
      ) : null}
      {error !== undefined && !asking ? <ProblemNote error={error} /> : null}
      {asking ? (
        <Dialog
          title={`Remove ${title}?`}
          confirm="Remove"
          dangerous
          busy={busy}
          onConfirm={remove}
          onClose={() => {
            setAsking(false);
            setError(undefined);
          }}
        >
          <p>Machines can no longer boot it. What a machine or a proven generation needs is not removed.</p>
          {error === undefined ? null : <ProblemNote error={error} />}
        </Dialog>
      ) : null}
    </li>
  );
}
