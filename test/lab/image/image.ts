/** The guest image: found in the cache by the hash of what it is made from, or built. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../cache.ts';
import { exec } from '../rig/command.ts';
import { ensurePackages } from '../rig/packages.ts';

/** A built image; every path is absolute. */
export interface LabImage {
  readonly dir: string;
  /** The guest's disk (qcow2); machines get overlays of it, so it must not be written to. */
  readonly disk: string;
  readonly kernel: string;
  /** Stage 1 by initramfs-tools and dropbear (`cryptroot-unlock`), or by systemd (`systemd-tty-ask-password-agent`). */
  readonly flavours: { readonly initramfs: InitrdFlavour; readonly systemd: InitrdFlavour };
  /** `ssh-ed25519 AAAA…`, without address or comment. The same for all machines, as is the stage-1 key. */
  readonly stage3HostKey: string;
  /** The client's private key (OpenSSH format, 0600), let in as root in both stages and as deploy in stage 3. */
  readonly clientKey: string;
  /** Opens the encrypted root of every machine. */
  readonly passphrase: string;
  /** NixOS bootspec v1 of generation 1, the one on the disk. */
  readonly bootspec: string;
}

/** One initrd with what goes with it. */
export interface InitrdFlavour {
  readonly initrd: string;
  /** The kernel's arguments for a netboot of generation 1, without `init=`. */
  readonly cmdline: string;
  readonly stage1HostKey: string;
}

/** What the image is made from: all of this folder but its TypeScript. */
function stamp(): string {
  const hash = createHash('sha256');
  const files = globSync('**', { cwd: import.meta.dirname }).filter((path) => !path.endsWith('.ts'));
  for (const path of files.sort()) {
    const full = join(import.meta.dirname, path);
    const { mode } = statSync(full);
    if (statSync(full).isFile())
      hash
        .update(`${path} ${(mode & 0o111) === 0 ? '' : 'x'}\0`)
        .update(readFileSync(full))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Builds the image if the cache does not have it (some minutes), and tells where it is.
 * @param say told the progress, a line at a time
 * @throws Error with the end of the failing step's log
 */
export async function ensureImage(say: (line: string) => void = () => undefined): Promise<LabImage> {
  const wanted = stamp();
  const dir = join(CACHE, 'images', wanted);
  if (!existsSync(dir)) {
    await ensurePackages(say);
    const result = await exec(['bash', join(import.meta.dirname, 'build.sh'), CACHE, wanted], {
      onOutput: (text) => say(text.trimEnd()),
    });
    if (result.code !== 0) throw new Error(`The lab's image could not be built: ${result.stderr.slice(-4000)}`);
  }
  const text = (name: string) => readFileSync(join(dir, name), 'utf8').trim();
  return {
    dir,
    disk: join(dir, 'disk.qcow2'),
    kernel: join(dir, 'vmlinuz'),
    flavours: {
      initramfs: { initrd: join(dir, 'initrd.img'), cmdline: text('cmdline'), stage1HostKey: text('stage1.pub') },
      systemd: {
        initrd: join(dir, 'initrd-systemd.img'),
        cmdline: text('cmdline-systemd'),
        stage1HostKey: text('stage1-systemd.pub'),
      },
    },
    stage3HostKey: text('stage3.pub'),
    clientKey: join(dir, 'id_ed25519'),
    passphrase: readFileSync(join(dir, 'passphrase'), 'utf8'),
    bootspec: join(dir, 'boot.json'),
  };
}
