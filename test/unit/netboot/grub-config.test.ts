import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { formatGrubConfig, type GrubConfig } from '../../../src/protocols/grub/config.ts';

const CONFIG: GrubConfig = {
  banner: ["Bootwright: booting it's web1"],
  kernel: { path: '(tftp,10.0.0.1)/boot/kernel', commandLine: 'init=/nix/store/x/init  root=fstab quiet;$x &y' },
  initrds: ['(tftp,10.0.0.1)/boot/initrd/0', '(tftp,10.0.0.1)/boot/initrd/1'],
  onFailure: { message: 'it failed', waitSeconds: 10, next: 'exit' },
};
const CHECK = '/usr/bin/grub-script-check';

describe('grub.cfg', () => {
  it('boots the kernel with its initrds, and goes on only when each command went well', () => {
    expect(formatGrubConfig(CONFIG)).toBe(
      [
        "echo 'Bootwright: booting it'\\''s web1'",
        "if 'linux' '(tftp,10.0.0.1)/boot/kernel' 'init=/nix/store/x/init' 'root=fstab' 'quiet;$x' '&y'; then",
        "  if 'initrd' '(tftp,10.0.0.1)/boot/initrd/0' '(tftp,10.0.0.1)/boot/initrd/1'; then",
        '    if boot; then',
        '      true',
        '    fi',
        '  fi',
        'fi',
        "echo 'it failed'",
        'sleep 10',
        'exit',
        '',
      ].join('\n'),
    );
  });

  it('needs no initrd', () => {
    const text = formatGrubConfig({ ...CONFIG, initrds: [], onFailure: { ...CONFIG.onFailure, next: 'reboot' } });
    expect(text).not.toContain('initrd');
    expect(text).toMatch(/\nreboot\n$/);
  });

  it.each(['a="b c"', "a='b'", 'a=\\n'])('refuses %s, which the kernel would get otherwise', (commandLine) => {
    const config = { ...CONFIG, kernel: { ...CONFIG.kernel, commandLine } };
    expect(() => formatGrubConfig(config)).toThrow(InvalidRequestError);
  });

  it('refuses a line break in a text', () => {
    expect(() => formatGrubConfig({ ...CONFIG, banner: ['a\nreboot'] })).toThrow(InvalidRequestError);
  });

  it.skipIf(!existsSync(CHECK))("is read by GRUB's own parser (needs grub-common)", () => {
    const check = (input: string): number | null => spawnSync(CHECK, { input }).status;
    expect(check(formatGrubConfig(CONFIG))).toBe(0);
    expect(check('if linux; then\n'), 'the check can fail').not.toBe(0);
  });
});
