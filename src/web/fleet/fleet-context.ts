import { createContext, use } from 'react';
import type { FleetStore } from '../live/fleet-store.ts';

export const FleetContext = createContext<FleetStore | undefined>(undefined);

export function useFleet(): FleetStore {
  const fleet = use(FleetContext);
  if (fleet === undefined) throw new Error('this part of the page needs the fleet around it');
  return fleet;
}
