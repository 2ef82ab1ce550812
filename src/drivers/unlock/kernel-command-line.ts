/**
 * The value of the last `init=` of a kernel command line, as the kernel takes it; null when there is none.
 * Quotes protect spaces; everything after ` -- ` belongs to init itself.
 * @see Linux Documentation/admin-guide/kernel-parameters.rst, lib/cmdline.c next_arg()
 */
export function initOf(commandLine: string): string | null {
  let init: string | null = null;
  for (const match of commandLine.matchAll(/(?:[^\s"]|"[^"]*")+/g)) {
    const word = match[0].replaceAll('"', '');
    if (word === '--') break;
    if (word.startsWith('init=')) init = word.slice('init='.length);
  }
  return init === '' ? null : init;
}
