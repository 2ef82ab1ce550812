import { useState } from 'react';
import type { MachineSpecBody } from '../../api/schema/machine.ts';
import type { RunRequestBody, RunSummaryBody } from '../../api/schema/run.ts';
import { goTo, runPath } from '../live/location.ts';
import { useSession } from '../live/session.ts';
import { Link } from '../ui/link.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { RUN_KIND_WORDS } from '../words/run.ts';
import { OrderDialog } from './order-dialog.tsx';
import { type Order, orderGroups, permissionOf } from './order-list.ts';
import { newKey, placeOrder } from './place-order.ts';

type Props = {
  readonly spec: MachineSpecBody;
  readonly active: RunSummaryBody | null;
  readonly removed: boolean;
};

/** Buttons that order runs. One run at a time: while one is active, they say which. */
export function Orders({ spec, active, removed }: Props) {
  const { permissions, role } = useSession();
  const [asking, setAsking] = useState<Order>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const place = async (request: RunRequestBody, key: string): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const run = await placeOrder(spec.name, request, key);
      goTo(runPath(run.id));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const press = (order: Order): void => {
    setError(undefined);
    if (order.question === undefined) void place(order.request, newKey());
    else setAsking(order);
  };
  const reasonAgainst = ({ request, lacks }: Order): string | undefined => {
    if (!permissions.includes(permissionOf(request))) return `the role ${role} may not order it`;
    return lacks;
  };

  const groups = orderGroups(spec);
  const reasons = new Set(groups.flatMap(({ orders }) => orders.map(reasonAgainst)).filter((why) => why !== undefined));
  return (
    <section className="orders" aria-label="Order a run">
      {groups.map(({ name, orders }) => (
        <fieldset key={name} disabled={removed || active !== null || busy}>
          <legend>{name}</legend>
          {orders.map((order) => (
            <button
              key={order.label}
              type="button"
              className={order.question?.dangerous ? 'risky' : undefined}
              disabled={reasonAgainst(order) !== undefined}
              title={reasonAgainst(order)}
              onClick={() => press(order)}
            >
              {order.label}
            </button>
          ))}
        </fieldset>
      ))}
      {active === null ? null : (
        <p className="note">
          {RUN_KIND_WORDS[active.kind]} is {active.state}; another run can be ordered when it has ended.{' '}
          <Link to={runPath(active.id)}>See the run</Link>
        </p>
      )}
      {reasons.size === 0 ? null : <p className="help">Some buttons are off: {[...reasons].join('; ')}.</p>}
      {error === undefined || asking !== undefined ? null : <ProblemNote error={error} />}
      {asking === undefined ? null : (
        <OrderDialog
          order={asking}
          busy={busy}
          error={error}
          place={place}
          close={() => {
            setAsking(undefined);
            setError(undefined);
          }}
        />
      )}
    </section>
  );
}
