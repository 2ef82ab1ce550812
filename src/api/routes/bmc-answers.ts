import type { Answer } from '../route.ts';

/** What every route that asks a machine's controller may answer instead. */
export const bmcAnswers: Readonly<Record<number, Answer>> = {
  400: { description: 'The request is not valid, or the machine has no BMC.' },
  404: { description: 'There is no such machine.' },
  502: { description: 'The BMC refused, or the login was rejected.' },
  503: {
    description: '`bmc-busy`: too many requests wait for this BMC already; `Retry-After` says when to come back.',
  },
  504: { description: 'The BMC did not answer in time.' },
};
