import type { RunBody, RunErrorBody } from '../../api/schema/run.ts';
import { brief, wordsOfKey } from '../words/brief.ts';
import { advice, sentence } from '../words/sentence.ts';

type Props = { readonly run: RunBody; readonly error: RunErrorBody };

/** Why a run ended badly: what came back, what was seen last, what can be done. */
export function RunFailure({ run, error }: Props) {
  const { lastLines, ...details } = error.details ?? {};
  const lines = Array.isArray(lastLines) ? lastLines.map(String) : [];
  return (
    <section className="failure" role="alert" aria-label="Why it failed">
      <h2>
        {run.state === 'failed' ? 'Failed' : 'Failing, cleaning up'}
        {error.step === null ? '' : ` in ${error.step}`} <code>{error.code}</code>
      </h2>
      <p className="message">{sentence(error.message)}</p>
      {error.hint === null ? null : (
        <p className="hint">
          <strong>What to do:</strong> {advice(error.hint)}
        </p>
      )}
      {error.lastSeen === null ? null : (
        <p>
          <strong>Last seen:</strong> {error.lastSeen}
        </p>
      )}
      {Object.keys(details).length === 0 ? null : (
        <dl className="facts">
          {Object.entries(details).map(([key, value]) => (
            <div key={key}>
              <dt>{wordsOfKey(key)}</dt>
              <dd>
                {textsOf(value).map((text) => (
                  <code key={text}>{text}</code>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {lines.length === 0 ? null : (
        <>
          <h3>Last lines of the output</h3>
          <pre className="last-lines">{lines.join('\n')}</pre>
        </>
      )}
    </section>
  );
}

function textsOf(value: unknown): string[] {
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  return [...new Set(parts.map((part) => brief(part, 2000)))];
}
