import { describe, expect, test } from 'vitest';
import { createMachineConsole } from '../../../../src/simulator/machine/console.ts';

function listen() {
  const console = createMachineConsole('lab-1');
  let said = '';
  console.onOutput((output) => {
    said += output.kind === 'characters' ? output.bytes.toString() : '[break]';
  });
  return {
    console,
    /** What it has said since it was asked last. */
    said(): string {
      const text = said;
      said = '';
      return text;
    },
  };
}

describe('console of a simulated machine', () => {
  test('tells each phase of a boot, with CR LF', () => {
    const { console, said } = listen();
    const text = (['firmware', 'netboot', 'kernel', 'stage-1', 'stage-2', 'stage-3'] as const).map((phase) => {
      console.enter(phase, 'from disk');
      return said();
    });
    expect(text.map((part) => part.split('\r\n').find((line) => line !== ''))).toEqual([
      'Simulated firmware, lab-1',
      'iPXE initialising devices... ok',
      '[    0.000000] Linux version 6.12.0 (simulated)',
      '<<< NixOS Stage 1 >>>',
      '<<< NixOS Stage 2 >>>',
      'Welcome to NixOS 26.05 (simulated)!',
    ]);
    expect(text.join('')).not.toMatch(/[^\r]\n/);
  });

  test('echoes a name at the login prompt, and no password', () => {
    const { console, said } = listen();
    console.enter('stage-3', '');
    expect(said()).toMatch(/lab-1 login: $/);
    console.input(Buffer.from('root\r'));
    expect(said()).toBe('root\r\nPassword: ');
    console.input(Buffer.from('secret\r'));
    expect(said()).toBe('\r\n\r\nLogin incorrect\r\nlab-1 login: ');
  });

  test('says nothing while it is off, and hears nothing before the login prompt', () => {
    const { console, said } = listen();
    console.enter('off', '');
    console.input(Buffer.from('x'));
    console.enter('stage-1', '');
    said();
    console.input(Buffer.from('secret\r'));
    expect(said()).toBe('');
  });
});
