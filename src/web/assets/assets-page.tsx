import { useDeferredValue, useEffect, useState } from 'react';
import type { AssetBody } from '../../api/schema/asset.ts';
import { useQuery } from '../live/location.ts';
import { useSession } from '../live/session.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { ProblemNote } from '../ui/problem-note.tsx';
import { bytesText } from '../words/brief.ts';
import { AssetRow } from './asset-row.tsx';
import { CollectAssets } from './collect-assets.tsx';
import '../style/assets.css';

/** What was uploaded for machines to boot, why it is kept, and how much room it takes. */
export function AssetsPage() {
  const { permissions } = useSession();
  const { value, error, reload } = useLoaded<{ readonly items: readonly AssetBody[] }>('/assets');
  const [search, setSearch] = useQuery('q');
  const words = useDeferredValue(search.trim().toLowerCase());
  const [note, setNote] = useState('');
  const mayWrite = permissions.includes('asset.write');

  useEffect(() => {
    document.title = 'Assets · Bootwright';
  }, []);

  const assets = value?.items ?? [];
  const shown = assets.filter(
    ({ sha256, names }) => sha256.startsWith(words) || names.some((name) => name.includes(words)),
  );
  const changed = (text: string): void => {
    setNote(text);
    reload();
  };
  return (
    <>
      <div className="page-head">
        <h1>Assets</h1>
        {mayWrite ? <CollectAssets done={changed} /> : null}
      </div>
      {error === undefined ? null : <ProblemNote error={error} retry={reload} />}
      <p className="note" role="status" hidden={note === ''}>
        {note}
      </p>
      <search className="filter">
        <input
          type="search"
          aria-label="Search"
          value={search}
          placeholder="Name or SHA-256"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setSearch(event.target.value)}
        />
        <span className="since">{value === undefined ? 'Reading…' : totalText(assets)}</span>
      </search>
      {shown.length > 0 ? (
        <ul className="rows assets">
          {shown.map((asset) => (
            <AssetRow key={asset.sha256} asset={asset} mayWrite={mayWrite} changed={changed} />
          ))}
        </ul>
      ) : (
        <Empty read={value !== undefined} any={assets.length > 0} />
      )}
    </>
  );
}

function totalText(assets: readonly AssetBody[]): string {
  const bytes = assets.reduce((sum, asset) => sum + asset.bytes, 0);
  return `${assets.length} ${assets.length === 1 ? 'asset' : 'assets'}, ${bytesText(bytes)}`;
}

function Empty({ read, any }: { readonly read: boolean; readonly any: boolean }) {
  if (any) return <p className="empty">No asset matches. Change the search.</p>;
  if (!read) return null;
  return (
    <div className="empty">
      <p>Nothing is uploaded yet.</p>
      <p>
        Upload a kernel or an initrd with <code>bootwright assets upload FILE --name NAME</code>, or take a machine's
        generation with <code>bootwright assets import MACHINE</code>.
      </p>
    </div>
  );
}
