import { spawn } from 'node:child_process';

// Fetches a file with several atftp at once: node tftp-fetch.ts CLIENTS ADDRESS WINDOWSIZE BLKSIZE NAME FOLDER. Prints one line of JSON.
export type FetchReport = {
  readonly seconds: number;
  /** Processor time of all clients, user and system. */
  readonly clientSeconds: number;
  /** What a client said that failed. */
  readonly failure?: string;
};

const [clients = '1', address = '', windowsize = '1', blksize = '512', name = '', folder = '.'] = process.argv.slice(2);
const options = [`blksize ${blksize}`, ...(windowsize === '1' ? [] : [`windowsize ${windowsize}`])];

function fetchOne(n: number): Promise<string | undefined> {
  const flags = options.flatMap((option) => ['--option', option]);
  const child = spawn('atftp', [...flags, '-g', '-r', name, '-l', `${folder}/got-${n}`, address, '69']);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : said));
  });
}

const started = performance.now();
const failures = await Promise.all(Array.from({ length: Number(clients) }, (_, n) => fetchOne(n)));
const seconds = (performance.now() - started) / 1000;
const failure = failures.find((each) => each !== undefined);
const report: FetchReport = {
  seconds,
  clientSeconds: await childSeconds(),
  ...(failure === undefined ? {} : { failure }),
};
console.log(JSON.stringify(report));

/** Processor time of the children that have ended, from this process's own /proc entry (fields 16 and 17, hundredths of a second). */
async function childSeconds(): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const fields = (await readFile('/proc/self/stat', 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
