import { useCallback, useEffect, useState } from 'react';
import type { WhoamiBody } from '../api/schema/token.ts';
import { onSignedOut } from './api/client.ts';
import { isAbort } from './api/problem.ts';
import { AssetsPage } from './assets/assets-page.tsx';
import { DiscoveredPage } from './discovered/discovered-page.tsx';
import { FleetContext } from './fleet/fleet-context.ts';
import { FleetPage } from './fleet/fleet-page.tsx';
import { createFleetStore } from './live/fleet-store.ts';
import { placeOf, usePath } from './live/location.ts';
import { readSession, SessionContext } from './live/session.ts';
import { MachinePage } from './machine/machine-page.tsx';
import { RunPage } from './run/run-page.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { Link } from './ui/link.tsx';
import { ProblemNote } from './ui/problem-note.tsx';
import { Shell } from './ui/shell.tsx';

type State =
  | { readonly kind: 'asking' }
  | { readonly kind: 'unreachable'; readonly error: unknown }
  | { readonly kind: 'signed-out'; readonly wasIn: boolean }
  | { readonly kind: 'signed-in'; readonly session: WhoamiBody };

/** Sign-in first, then the page of the address. */
export function App() {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const [asked, setAsked] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked is a reason to ask again, not an input
  useEffect(() => {
    const gone = new AbortController();
    readSession(gone.signal).then(
      (session) =>
        setState(session === undefined ? { kind: 'signed-out', wasIn: false } : { kind: 'signed-in', session }),
      (error: unknown) => {
        if (!isAbort(error)) setState({ kind: 'unreachable', error });
      },
    );
    return () => gone.abort();
  }, [asked]);

  useEffect(() => {
    // Whatever request finds out first that the session is over, the page says so and asks for the token.
    onSignedOut(() =>
      setState((before) => (before.kind === 'signed-in' ? { kind: 'signed-out', wasIn: true } : before)),
    );
  }, []);

  const leave = useCallback(() => setState({ kind: 'signed-out', wasIn: false }), []);

  switch (state.kind) {
    case 'asking':
      return <p className="splash">Bootwright</p>;
    case 'unreachable':
      return (
        <main className="splash">
          <ProblemNote error={state.error} retry={() => setAsked(asked + 1)} />
        </main>
      );
    case 'signed-out':
      return <SignIn wasIn={state.wasIn} enter={(session) => setState({ kind: 'signed-in', session })} />;
    case 'signed-in':
      return (
        <SessionContext value={state.session}>
          <SignedIn leave={leave} />
        </SessionContext>
      );
  }
}

/** What is known of the fleet outlives its page, so that coming back to it shows it at once. */
function SignedIn({ leave }: { readonly leave: () => void }) {
  const [fleet] = useState(createFleetStore);
  return (
    <FleetContext value={fleet}>
      <Shell leave={leave}>
        <Page />
      </Shell>
    </FleetContext>
  );
}

function Page() {
  const place = placeOf(usePath());
  switch (place.page) {
    case 'fleet':
      return <FleetPage />;
    case 'machine':
      return <MachinePage key={place.name} name={place.name} />;
    case 'run':
      return <RunPage key={place.id} id={place.id} />;
    case 'assets':
      return <AssetsPage />;
    case 'discovered':
      return <DiscoveredPage />;
    case 'nowhere':
      return (
        <section className="nowhere">
          <h1>Nothing is here</h1>
          <p>
            There is no page <code>{place.path}</code>. <Link to="/">To the fleet</Link>
          </p>
        </section>
      );
  }
}
