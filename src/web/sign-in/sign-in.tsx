import { type SubmitEvent, useEffect, useRef, useState } from 'react';
import type { WhoamiBody } from '../../api/schema/token.ts';
import { signIn } from '../live/session.ts';
import { ProblemNote } from '../ui/problem-note.tsx';
import '../style/sign-in.css';

type Props = { readonly wasIn: boolean; readonly enter: (session: WhoamiBody) => void };

/** Asks for a token and trades it for a cookie; the field is emptied whatever comes of it. */
export function SignIn({ wasIn, enter }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  useEffect(() => {
    document.title = 'Sign in · Bootwright';
    field.current?.focus();
  }, []);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const input = field.current;
    if (input === null || busy) return;
    const token = input.value.trim();
    input.value = '';
    setBusy(true);
    setError(undefined);
    signIn(token)
      .then(enter, (problem: unknown) => {
        setError(problem);
        input.focus();
      })
      .finally(() => setBusy(false));
  };

  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <h1>
          <img src="/favicon.svg" alt="" width="32" height="32" />
          Bootwright
        </h1>
        {wasIn && error === undefined ? <p role="status">The session is over. Sign in again to go on.</p> : null}
        <label htmlFor="token">Access token</label>
        <input
          id="token"
          ref={field}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          required
          placeholder="bw_…"
          aria-describedby="token-help"
        />
        <p id="token-help" className="help">
          The service printed one for an admin at its first start. This browser keeps a session of 8 hours, never the
          token.
        </p>
        {error === undefined ? null : <ProblemNote error={error} />}
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
