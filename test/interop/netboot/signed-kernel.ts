import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE } from '../../lab/cache.ts';

const META_PACKAGE = 'linux-image-cloud-amd64';

/**
 * A kernel that Debian has signed, so that its shim lets GRUB start it; taken from its package without installing that, and
 * kept in the lab's cache. Undefined where there is none to be had.
 */
export function signedKernel(): string | undefined {
  const kept = join(CACHE, 'signed-kernel', 'vmlinuz');
  if (existsSync(kept)) return kept;
  const { stdout } = spawnSync('apt-cache', ['depends', META_PACKAGE], { encoding: 'utf8' });
  const name = /Depends: (linux-image-[\w.-]+)/.exec(stdout ?? '')?.[1];
  if (name === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'bw-kernel-'));
  try {
    // The download must be readable for apt's own user; where it is not, apt says so and goes on as root.
    execFileSync('apt-get', ['-q', 'download', name], { cwd: folder, stdio: 'ignore', timeout: 300_000 });
    const [archive = ''] = readdirSync(folder);
    execFileSync('dpkg-deb', ['-x', join(folder, archive), join(folder, 'content')]);
    const boot = join(folder, 'content', 'boot');
    const kernel = readdirSync(boot).find((file) => file.startsWith('vmlinuz-'));
    if (kernel === undefined) return undefined;
    mkdirSync(join(CACHE, 'signed-kernel'), { recursive: true });
    // Renaming is for one file system; the cache may be on another.
    execFileSync('cp', [join(boot, kernel), `${kept}.part`]);
    renameSync(`${kept}.part`, kept);
    return kept;
  } catch {
    // No network, or no such package any more: the caller says what it needs.
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
