import { useMemo, useState } from 'react';
import type { RunRequestBody } from '../../api/schema/run.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import type { Order } from './order-list.ts';
import { newKey } from './place-order.ts';

type Props = {
  readonly order: Order;
  readonly busy: boolean;
  readonly error: unknown;
  readonly place: (request: RunRequestBody, key: string) => Promise<void>;
  readonly close: () => void;
};

type Action = (typeof ACTIONS)[number]['action'];

const ACTIONS = [
  { action: 'boot', words: 'boot – it starts with the next boot' },
  { action: 'switch', words: 'switch – it starts now and stays' },
  { action: 'test', words: 'test – it starts now, until the next boot' },
  { action: 'dry-activate', words: 'dry-activate – only says what would change' },
  { action: 'build', words: 'build – only builds' },
] as const;

/** Asks before a run is ordered, with what can be chosen for it. */
export function OrderDialog({ order, busy, error, place, close }: Props) {
  const [action, setAction] = useState<Action>('boot');
  const [flake, setFlake] = useState('');
  const request = requestOf(order.request, action, flake.trim());
  const text = JSON.stringify(request);
  // Another order is another key; pressing again after a lost answer is the same one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a key belongs to a text
  const key = useMemo(newKey, [text]);
  const { question, label } = order;
  const builds = request.kind === 'rebuild' || request.kind === 'update';

  return (
    <Dialog
      title={question?.title ?? label}
      confirm={label.replace('…', '')}
      dangerous={question?.dangerous ?? false}
      busy={busy}
      onConfirm={() => void place(request, key)}
      onClose={close}
    >
      <p>{question?.text}</p>
      {request.kind === 'rebuild' ? (
        <label className="field">
          Activation
          <select value={action} onChange={(event) => setAction(actionOf(event.target.value))}>
            {ACTIONS.map((each) => (
              <option key={each.action} value={each.action}>
                {each.words}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {builds ? (
        <label className="field">
          Flake
          <input
            type="text"
            value={flake}
            placeholder="as declared for the machine"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setFlake(event.target.value)}
          />
        </label>
      ) : null}
      {error === undefined ? null : <ProblemNote error={error} />}
    </Dialog>
  );
}

function requestOf(request: RunRequestBody, action: Action, flake: string): RunRequestBody {
  const chosen = flake === '' ? {} : { flake };
  if (request.kind === 'rebuild') return { ...request, action, ...chosen };
  return request.kind === 'update' ? { ...request, ...chosen } : request;
}

function actionOf(text: string): Action {
  return ACTIONS.find(({ action }) => action === text)?.action ?? 'boot';
}
