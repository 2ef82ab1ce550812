import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What a foreign tool printed and how it ended. */
export type ToolResult = { readonly exitCode: number; readonly output: string };

/** Whether a tool of a Debian package is installed; the tests that need it are skipped, and say so, where not. */
export function hasTool(name: string): boolean {
  return ['/usr/bin', '/usr/sbin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${name}`));
}

/** Runs a tool to its end, its output and complaints together. */
export function runTool(name: string, args: readonly string[]): Promise<ToolResult> {
  const path = ['/usr/bin', '/usr/sbin', '/usr/local/bin'].find((folder) => existsSync(`${folder}/${name}`));
  return new Promise((resolve) => {
    execFile(`${path}/${name}`, [...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** The version line of a tool, for the name of its tests. */
export function toolVersion(name: string, flag: string): string {
  if (!hasTool(name)) return `${name} (not installed)`;
  const { stdout, stderr } = spawnSync(name, [flag], { encoding: 'utf8', env: { PATH: '/usr/bin:/usr/sbin' } });
  return `${stdout}${stderr}`.split('\n')[0] ?? name;
}
