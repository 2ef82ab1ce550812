import { GRUB_CONFIG_NAME } from '../../domain/boot/grub-names.ts';
import type { StopReason } from '../../domain/boot-policy.ts';
import { formatGrubLeave } from '../../protocols/grub/config.ts';

/** What iPXE builds without a script of their own fetch first, from where they were loaded from. */
export const AUTOEXEC_NAME = 'autoexec.ipxe';

/** The name of the script that shows why a machine is not given its boot again. */
export function stopScriptName(why: StopReason): string {
  return `stop-${why}.ipxe`;
}

/** One line for a screen of 80 columns; firmware shows 70 characters. */
export const STOP_TEXT: Readonly<Record<StopReason, string>> = {
  'hop-limit': 'Bootwright: boots over and over without coming up, given up for now',
  'ipxe-cannot-boot': 'Bootwright: this iPXE lacks HTTP or kernel support, and ours did not run',
};

/**
 * The first script of signed iPXE, which cannot have one built in. It asks DHCP as iPXE, and is then offered the script of the
 * machine's own attempt: so this one is the same for all, and holds nothing that others must not read. It takes no address
 * for granted, since older builds fetch it by the firmware's drivers before they have one of their own (ipxe/ipxe#593). Beside another
 * DHCP server our file name is the proxy's.
 */
const AUTOEXEC = `#!ipxe
echo Bootwright: asking for this machine's script
dhcp || goto failed
isset \${proxydhcp/filename} || goto own
set filename \${proxydhcp/filename}
:own
isset \${filename} || goto nothing
chain --autofree \${filename} || goto failed
exit
:nothing
echo Bootwright: no script was offered, is this machine armed?
goto leave
:failed
echo Bootwright: the script could not be fetched
:leave
sleep 10
exit 1
`;

/**
 * For who is not armed: an armed machine gets one that boots it (`machine-files.ts`). It goes on to the next boot device instead of
 * waiting at its prompt for a person.
 */
const GRUB_CONFIG = `${formatGrubLeave('Bootwright: nothing is armed for this machine', 10, 'exit').join('\n')}\n`;

/** Seconds that the reason of a stop stays on the screen. */
export const STOP_SECONDS = 30;

/** The texts that are served beside the loaders, by name. */
export function servedScripts(secureBoot: boolean): ReadonlyMap<string, string> {
  const reasons: readonly StopReason[] = ['hop-limit', 'ipxe-cannot-boot'];
  const stops = reasons.map((why) => [stopScriptName(why), stopScript(STOP_TEXT[why])] as const);
  return new Map(secureBoot ? [...stops, [AUTOEXEC_NAME, AUTOEXEC], [GRUB_CONFIG_NAME, GRUB_CONFIG]] : stops);
}

function stopScript(text: string): string {
  return `#!ipxe\necho ${text}\necho See the run for the reason.\nsleep ${STOP_SECONDS}\nexit 1\n`;
}
