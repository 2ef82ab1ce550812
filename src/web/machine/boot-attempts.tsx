import type { BootAttemptBody, BootFindingBody } from '../../api/schema/doctor.ts';
import type { PageBody } from '../../api/schema/page.ts';
import { API } from '../api/client.ts';
import { runPath } from '../live/location.ts';
import { useSession } from '../live/session.ts';
import { useLoaded } from '../live/use-loaded.ts';
import { Link } from '../ui/link.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { Ago } from '../ui/times.tsx';
import { advice, sentence } from '../words/sentence.ts';

type Props = { readonly machineId: string; readonly version: string };

/** The latest network boots: how far each came, what was wrong by its packets, and the packets. */
export function BootAttempts({ machineId, version }: Props) {
  const path = `/machines/${machineId}/boot-attempts`;
  const { value, error, reload } = useLoaded<PageBody<BootAttemptBody>>(`${path}?limit=5`, version);
  const mayCapture = useSession().permissions.includes('netboot.capture');
  if (error === undefined && (value === undefined || value.items.length === 0)) return null;
  return (
    <section className="card" aria-labelledby="boot-attempts">
      <h2 id="boot-attempts">Network boots</h2>
      {error === undefined ? null : <ProblemNote error={error} retry={reload} />}
      <ul className="runs attempts">
        {value?.items.map(({ runId, round, startedAt, reachedText, packets, findings }) => (
          <li key={`${runId} ${round}`}>
            <Link to={runPath(runId)}>{sentence(reachedText)}</Link>
            <span className="since">
              <Ago at={startedAt} />
              {mayCapture && packets > 0 ? (
                <>
                  {', '}
                  <a href={`${API}${path}/${encodeURIComponent(runId)}/${round}/packets`} download>
                    {packets} packets
                  </a>
                </>
              ) : null}
            </span>
            {findings.map((finding) => (
              <Finding key={`${finding.code} ${finding.foundAt}`} finding={finding} />
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was wrong, and what can be done; what the boot got over is told without advice. */
function Finding({ finding: { message, hint, overAt } }: { readonly finding: BootFindingBody }) {
  if (overAt !== null) return <span className="why over">{sentence(message)} It got over that.</span>;
  return (
    <span className="why">
      {sentence(message)} <span className="hint">{advice(hint)}</span>
    </span>
  );
}
