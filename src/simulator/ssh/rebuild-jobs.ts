import { createHash } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { RemoteCommand } from './ssh-server.ts';

/** What becomes of a rebuild of one attribute. */
export type RebuildBehaviour = {
  /** `fails`: exit 1 and the machine untouched; `switch-fails`: the profile has moved already when it exits 1. */
  readonly outcome: 'builds' | 'fails' | 'switch-fails';
  /** Lines it prints, spread over its time. */
  readonly lines: readonly string[];
  readonly durationMs: number;
  /** Prints the access tokens it was given: what a careless build does. */
  readonly printsTokens?: boolean;
};

/** A rebuild that was started, for tests. */
export type StartedRebuild = {
  readonly job: string;
  /** The command line of nixos-rebuild. */
  readonly command: string;
  readonly action: string;
  readonly flake: string;
  readonly attribute: string;
  /** SHA-256 of the nix.conf handed over; null when there was none. */
  readonly nixConfSha256: string | null;
};

export type RebuildJobsOptions = {
  readonly behaviour: (attribute: string) => RebuildBehaviour;
  /** Options that the machine's nixos-rebuild knows. */
  readonly flags: readonly string[];
  /** Called when a build went well, before the job ends: makes the generation. */
  readonly onBuilt: (rebuild: StartedRebuild) => void;
  readonly onStarted: (rebuild: StartedRebuild) => void;
};

type Job = {
  wrapper: string;
  nixConf: Buffer | null;
  output: Buffer;
  started: boolean;
  exitCode: number | null;
  killed: boolean;
  stop: AbortController;
  /** Settled and replaced whenever output or state changes. */
  changed: PromiseWithResolvers<void>;
};

export type RebuildJobs = {
  /** Carries out one of the `rebuild-…` scripts; undefined when it is none. */
  run(verb: string, words: readonly string[], command: RemoteCommand): Promise<number | undefined>;
  /** Whether any job still holds a nix.conf with tokens. */
  holdsTokens(): boolean;
};

/** Rebuild jobs of one boot, as transient units and folders under /run/bootwright. End with `signal`. */
export function createRebuildJobs(clock: Clock, options: RebuildJobsOptions, signal: AbortSignal): RebuildJobs {
  const jobs = new Map<string, Job>();

  const run: RebuildJobs['run'] = async (verb, words, command) => {
    const [name = '', offset = '0'] = words;
    const job = jobs.get(name);
    switch (verb) {
      case 'rebuild-probe':
        return say(command, [
          'home /root',
          'uid 0',
          'gid 0',
          'rebuild /run/current-system/sw/bin/nixos-rebuild',
          ...options.flags.map((flag) => `flag ${flag}`),
        ]);
      case 'rebuild-prepare':
        jobs.set(name, freshJob((await command.readInput()).toString('utf8')));
        return 0;
      case 'rebuild-tokens':
        if (job === undefined) return 1;
        job.nixConf = await command.readInput();
        return 0;
      case 'rebuild-start':
        if (job === undefined || job.started) {
          command.complain(
            `Failed to start transient service unit: Unit bootwright-${name}.service was already loaded.\n`,
          );
          return 1;
        }
        job.started = true;
        work(name, job).catch(() => undefined);
        return 0;
      case 'rebuild-status':
        return say(command, statusLines(job));
      case 'rebuild-follow':
        return job === undefined ? 1 : follow(job, Number(offset), command);
      case 'rebuild-stop':
        if (job !== undefined && job.exitCode === null) end(job, null);
        jobs.delete(name);
        return 0;
      case 'rebuild-tidy':
        jobs.delete(name);
        return 0;
      default:
        return undefined;
    }
  };

  async function work(name: string, job: Job): Promise<void> {
    const started = parseWrapper(name, job);
    const during = AbortSignal.any([signal, job.stop.signal]);
    options.onStarted(started);
    const behaviour = options.behaviour(started.attribute);
    const lines = behaviour.printsTokens ? [...behaviour.lines, String(job.nixConf ?? 'no tokens')] : behaviour.lines;
    for (const line of lines) {
      await clock.sleep(behaviour.durationMs / (lines.length + 1), during);
      write(job, `${line}\n`);
    }
    await clock.sleep(behaviour.durationMs / (lines.length + 1), during);
    if (behaviour.outcome !== 'fails') options.onBuilt(started);
    end(job, behaviour.outcome === 'builds' ? 0 : 1);
  }

  return { run, holdsTokens: () => [...jobs.values()].some((job) => job.nixConf !== null) };
}

function freshJob(wrapper: string): Job {
  return {
    wrapper,
    nixConf: null,
    output: Buffer.alloc(0),
    started: false,
    exitCode: null,
    killed: false,
    stop: new AbortController(),
    changed: Promise.withResolvers(),
  };
}

/** Finds the nixos-rebuild line in the wrapper and reads its words. */
function parseWrapper(job: string, { wrapper, nixConf }: Job): StartedRebuild {
  const line = wrapper.split('\n').find((candidate) => candidate.startsWith('nixos-rebuild ')) ?? '';
  const command = line.replace(/ <\/dev\/null >output 2>&1 &$/, '');
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
  const [flake = '', attribute = ''] = (words[words.indexOf('--flake') + 1] ?? '').split('#');
  const nixConfSha256 = nixConf === null ? null : createHash('sha256').update(nixConf).digest('hex');
  return { job, command, action: words[1] ?? '', flake, attribute, nixConfSha256 };
}

function write(job: Job, text: string): void {
  job.output = Buffer.concat([job.output, Buffer.from(text)]);
  wake(job);
}

function end(job: Job, exitCode: number | null): void {
  job.exitCode = exitCode;
  job.killed = exitCode === null;
  job.nixConf?.fill(0);
  job.nixConf = null;
  job.stop.abort(new Error('the job has ended'));
  wake(job);
}

function wake(job: Job): void {
  const { changed } = job;
  job.changed = Promise.withResolvers();
  changed.resolve();
}

function hasEnded(job: Job): boolean {
  return job.exitCode !== null || job.killed;
}

function statusLines(job: Job | undefined): string[] {
  const running = job?.started === true && !hasEnded(job);
  return [
    `active ${running ? 'active' : 'inactive'}`,
    'result success',
    ...(job !== undefined && job.exitCode !== null ? [`exit ${job.exitCode}`] : []),
    ...(job?.started ? [`output ${job.output.length}`] : []),
  ];
}

async function follow(job: Job, offset: number, command: RemoteCommand): Promise<number> {
  const gone = new Promise<void>((resolve) => command.gone.addEventListener('abort', () => resolve(), { once: true }));
  for (let at = offset; !command.gone.aborted; ) {
    const { promise } = job.changed;
    if (at < job.output.length) {
      const chunk = job.output.subarray(at, at + 32_768);
      await command.write(Buffer.from(chunk));
      at += chunk.length;
    } else if (hasEnded(job)) return 0;
    else await Promise.race([promise, gone]);
  }
  return 1;
}

async function say(command: RemoteCommand, lines: readonly string[]): Promise<number> {
  await command.write(`${lines.join('\n')}\n`);
  return 0;
}
