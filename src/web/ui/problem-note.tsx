import { wordsOf } from '../api/problem.ts';

type Props = { readonly error: unknown; readonly retry?: () => void };

/** An error in words, with what can be done about it. */
export function ProblemNote({ error, retry }: Props) {
  const { text, hint } = wordsOf(error);
  return (
    <div className="problem" role="alert">
      <p>{text}</p>
      {hint === undefined ? null : <p className="hint">{hint}</p>}
      {retry === undefined ? null : (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
