import type { RunStateBody } from '../../api/schema/run.ts';
import { RUN_STATE_WORDS } from '../words/run.ts';

export function RunState({ state }: { readonly state: RunStateBody }) {
  return <span className={`run-state state-${state}`}>{RUN_STATE_WORDS[state]}</span>;
}
