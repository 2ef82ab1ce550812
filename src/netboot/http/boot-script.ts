import type { Machine } from '../../domain/machine.ts';
import type { BootAttempt } from '../../domain/ports/netboot.ts';
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
 * @throws InvalidRequestError when the machine's kernel command line has words that iPXE would misread
 */
export function bootScript(
  baseUrl: string,
  machine: Machine,
  attempt: BootAttempt,
  options: BootScriptOptions = {},
): string {
  const { onFailure = 'exit', failureSeconds = 10 } = options;
  const { name } = machine.spec;
  return formatIpxeScript({
    banner: [`Bootwright: booting ${name}, run ${attempt.runId} round ${attempt.round}`],
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
