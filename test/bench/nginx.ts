import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * nginx as Debian builds it, under a configuration of its own and nothing of /etc: a worker a processor, sendfile, no access log.
 * @param folder what is served, and where nginx keeps its files
 * @returns the words that start it, in the foreground
 */
export function nginxCommand(folder: string, { address, port }: { address: string; port: number }): readonly string[] {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${folder}/${each};`,
  );
  const config = [
    `daemon off; master_process on; worker_processes auto; pid ${folder}/pid; error_log stderr crit; user root;`,
    'events { worker_connections 2048; }',
    `http { access_log off; sendfile on; tcp_nopush on; default_type application/octet-stream; ${temporary.join(' ')}`,
    `server { listen ${address}:${port} backlog=1024; root ${folder}; } }`,
  ].join('\n');
  writeFileSync(join(folder, 'nginx.conf'), config);
  return ['nginx', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
}
