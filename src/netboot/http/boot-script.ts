import type { ArmedKernel } from '../../domain/armed-boot.ts';
import type { Machine } from '../../domain/machine.ts';
import type { BootAttempt } from '../../domain/ports/netboot.ts';
import { fillScriptTemplate } from '../../domain/script-template.ts';
import { formatIpxeLocalDisk } from '../../protocols/ipxe/local-disk.ts';
import { formatIpxeScript } from '../../protocols/ipxe/script.ts';
import { attemptUrl, initrdName, KERNEL_NAME } from '../boot-urls.ts';

export type BootScriptOptions = {
  /** What a machine does when it cannot fetch or start its files. Default `exit`: its firmware goes on. */
  readonly onFailure?: 'exit' | 'reboot';
  /** How long the reason stays on its screen, seconds. Default 10. */
  readonly failureSeconds?: number;
};

/**
 * Writes the iPXE script of one attempt. URLs hold addresses, since some firmware leaves the loader without a name server.
 * @throws InvalidRequestError when the kernel command line has words that iPXE would misread
 */
export function bootScript(
  baseUrl: string,
  machine: Machine,
  attempt: BootAttempt,
  options: BootScriptOptions = {},
): string {
  const { boot } = attempt;
  const { name, macs, address } = machine.spec;
  const banner = `Bootwright: booting ${name}, run ${attempt.runId} round ${attempt.round}`;
  if ('script' in boot) {
    const ownUrl = attemptUrl(baseUrl, attempt, '').replace(/\/$/, '');
    return fillScriptTemplate(boot.script, { machine: name, mac: macs[0] ?? '', ip: address, 'base-url': ownUrl });
  }
  if ('localDisk' in boot) {
    // A machine that is to be told 404 gets no script at all; what asks all the same is handed on as good as can be.
    const method = boot.localDisk === '404' ? 'exit-1' : boot.localDisk;
    return formatIpxeLocalDisk(method, [`${banner}, from its own disk`]);
  }
  return kernelScript(baseUrl, banner, name, { ...attempt, boot }, options);
}

function kernelScript(
  baseUrl: string,
  banner: string,
  name: string,
  attempt: BootAttempt & { readonly boot: ArmedKernel },
  { onFailure = 'exit', failureSeconds = 10 }: BootScriptOptions,
): string {
  return formatIpxeScript({
    banner: [banner],
    kernel: { url: attemptUrl(baseUrl, attempt, KERNEL_NAME), commandLine: attempt.boot.commandLine },
    initrds: attempt.boot.initrds.map((_, index) => ({
      url: attemptUrl(baseUrl, attempt, initrdName(index)),
      // No path and no blank in it: it becomes a word of the kernel's command line.
      name: `initrd${index}`,
    })),
    onFailure: {
      message: `Bootwright: ${name} could not be booted over the network; see the run for the reason`,
      waitSeconds: failureSeconds,
      next: onFailure,
    },
  });
}
