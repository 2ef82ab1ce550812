import { type ReactNode, useEffect, useRef, useState } from 'react';
import { usePath } from '../live/location.ts';
import { signOut, useSession } from '../live/session.ts';
import { Link } from './link.tsx';
import { ProblemNote } from './problem-note.tsx';

type Props = { readonly leave: () => void; readonly children: ReactNode };

/** What every page has around it. */
export function Shell({ leave, children }: Props) {
  const session = useSession();
  const [error, setError] = useState<unknown>();
  const main = useFocusOnMove();

  const end = (): void => {
    signOut().then(leave, setError);
  };

  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          Bootwright
        </Link>
        <nav aria-label="Pages">
          <Link to="/">Fleet</Link>
          <Link to="/discovered">Discovered</Link>
          <Link to="/boot-assets">Assets</Link>
          <a href="/api/v1/docs">API</a>
        </nav>
        <span className="who" title={`Signed in with the token ${session.name}`}>
          <span className="who-name">{session.name}</span>
          <span className="role">{session.role}</span>
        </span>
        <button type="button" className="quiet" onClick={end}>
          Sign out
        </button>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {error === undefined ? null : <ProblemNote error={error} />}
        {children}
      </main>
    </>
  );
}

/** After a move the keyboard goes on in the new page, not in a link that is gone. */
function useFocusOnMove() {
  const path = usePath();
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}
