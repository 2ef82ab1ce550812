// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of scripts are written so
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillScriptTemplate, LARGEST_SCRIPT, parseScriptTemplate } from '../../../src/domain/script-template.ts';
import { InvalidRequestError } from '../../../src/foundation/errors.ts';
import { formatIpxeLocalDisk } from '../../../src/protocols/ipxe/local-disk.ts';
import { parseIpxeScript } from '../../../src/protocols/ipxe/script.ts';

const VALUES = { machine: 'web1', mac: '52:54:00:00:00:01', ip: '10.0.0.5', 'base-url': 'http://10.0.0.1/boot/abc' };

describe('script template', () => {
  it('fills in what is ours and leaves iPXE its own', () => {
    const script = '#!ipxe\nchain ${base-url}/files/a.ipxe?m=${machine}&<"\'> ${mac} ${ip} $${net0/mac} $5 $$ $\n';
    expect(fillScriptTemplate(script, VALUES)).toBe(
      '#!ipxe\nchain http://10.0.0.1/boot/abc/files/a.ipxe?m=web1&<"\'> 52:54:00:00:00:01 10.0.0.5 ${net0/mac} $5 $$ $\n',
    );
  });

  it.each([
    ['an unknown variable', '#!ipxe\n${Machine}', '${Machine}, which is unknown'],
    ['an empty one', '#!ipxe\n${}', '${}, which is unknown'],
    ['an open one', '#!ipxe\n${machine\n}', 'without its end'],
    ['no first line', 'echo', 'first line must be #!ipxe'],
    ['a first line that goes on', '#!ipxex\n', 'first line must be #!ipxe'],
    ['a control character', '#!ipxe\n\u001b[2J', 'control character'],
    ['too much', `#!ipxe\n${'x'.repeat(LARGEST_SCRIPT)}`, 'longer than'],
  ])('refuses %s', (_what, script, why) => {
    expect(() => parseScriptTemplate(script)).toThrow(InvalidRequestError);
    expect(() => parseScriptTemplate(script)).toThrow(why);
  });

  it('keeps every other text as it is, and never takes a value for a variable', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~\n]{0,80}$/), (text) => {
        fc.pre(!text.includes('${'));
        expect(fillScriptTemplate(`#!ipxe\n${text}`, VALUES)).toBe(`#!ipxe\n${text}`);
        expect(fillScriptTemplate('#!ipxe\n${machine}', { ...VALUES, machine: `\${${text}}` })).toBe(
          `#!ipxe\n\${${text}}`,
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('script for the local disk', () => {
  const wordsOf = (method: Parameters<typeof formatIpxeLocalDisk>[0]) =>
    parseIpxeScript(formatIpxeLocalDisk(method, ['hello'])).map(({ words, onFailure }) => [words.join(' '), onFailure]);

  it.each([
    ['exit', [['exit', null]]],
    ['exit-1', [['exit 1', null]]],
    [
      'auto',
      [
        ['iseq ${platform} efi', 'bios'],
        ['exit 1', null],
        [':bios', null],
        ['sanboot --no-describe --drive 0x80', 'failed'],
        [':failed', null],
        ['exit 1', null],
      ],
    ],
    [
      'sanboot',
      [
        ['sanboot --no-describe --drive 0x80', 'failed'],
        [':failed', null],
        ['exit 1', null],
      ],
    ],
  ] as const)('%s', (method, commands) => {
    expect(wordsOf(method)).toEqual([['echo hello', null], ...commands]);
  });

  it('refuses a banner that iPXE would misread', () => {
    expect(() => formatIpxeLocalDisk('exit', ['a || b'])).toThrow(InvalidRequestError);
  });
});
