/** Where the lab keeps what is too big or too short-lived for the checkout. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Images, downloaded packages and the state of running rigs; `BOOTWRIGHT_LAB_CACHE` moves it. */
export const CACHE = process.env.BOOTWRIGHT_LAB_CACHE ?? join(homedir(), '.cache', 'bootwright-lab');

/** One folder a rig: the logs of its machines, and their disks while it lives. */
export const RUN = join(CACHE, 'run');
