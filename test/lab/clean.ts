/** Removes what rigs of dead owners left on this host: processes, namespaces, links, disks. `node test/lab/clean.ts` */
import { cleanLeftovers } from './rig/owner.ts';

const removed = cleanLeftovers();
console.log(removed.length === 0 ? 'nothing was left over' : `removed: ${removed.join(', ')}`);
