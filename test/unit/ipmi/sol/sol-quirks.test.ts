import { describe, expect, test } from 'vitest';
import { isSessionPort, maximumSolCharacters } from '../../../../src/drivers/bmc/ipmi/sol/sol-limits.ts';
import { EMPTY_CONTROLLER_PACKET, encodeSolControllerPacket } from '../../../../src/protocols/ipmi/sol/sol-packet.ts';
import { ipmiSimSol, openBmcSol, refuseAuxiliaryBits } from '../../../../src/simulator/bmc/sol/sol-behaviour.ts';
import { createSolRig, never, type SolRig } from './sol-rig.ts';

const activations = (rig: SolRig): number => rig.commands.filter((name) => name.endsWith('Activate Payload')).length;

describe('activation', () => {
  test.each([
    [0, 28],
    [1, 1],
    [4, 1],
    [5, 1],
    [32, 28],
    [200, 196],
    [255, 251],
    [259, 251],
    [260, 28],
    [0x2000, 28],
    [0xffff, 28],
  ])('inbound size %i allows %i characters', (size, characters) => {
    expect(maximumSolCharacters(size)).toBe(characters);
  });

  test.each([
    [623, 623, true],
    [0x6f02, 623, true],
    [6623, 623, false],
    [0, 623, false],
  ])('port %i is that of a session on %i: %s', (stated, session, same) => {
    expect(isSessionPort(stated, session)).toBe(same);
  });

  test('another port than stated is not followed', async () => {
    await using rig = createSolRig({ statedPort: 7_777 });
    await using console = rig.console();
    await rig.clock.advance(100);
    await Promise.all([console.write(Buffer.from('x'), never), rig.clock.advance(100)]);
    expect(rig.line.received().toString()).toBe('x');
  });

  test.each([
    ['takes the first', 0, 1],
    ['refuses deferred alerts', 0x04, 2],
  ])('a board that %s', async (_what, bits, count) => {
    await using rig = createSolRig({ refuseAuxiliary: refuseAuxiliaryBits(bits) });
    await using console = rig.console();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected']);
    expect(activations(rig)).toBe(count);
  });

  test('a board that leaves the line signals to us gets a packet to raise them', async () => {
    await using rig = createSolRig({ refuseAuxiliary: (auxiliary) => ((auxiliary & 0x02) === 0 ? 0xcc : undefined) });
    await using console = rig.console();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected']);
    expect(activations(rig)).toBe(3);
    expect(rig.carried.map(({ payload }) => payload.toString('hex'))).toEqual(['00000000']);
  });

  test('the bits follow the session: without encryption none is asked for', async () => {
    await using rig = createSolRig({ encryptionImpossible: true }, { signed: true, encrypted: false });
    await using console = rig.console();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected']);
  });

  test.each([
    ['no encryption', { encryptionImpossible: true }, true, /without encryption/],
    ['encryption only', { encryptionRequired: true }, false, /with encryption/],
    ['disabled', { enabled: false }, true, /81h payload type is disabled; enable SOL/],
    ['all bits refused', { refuseAuxiliary: () => 0xcc }, true, /CCh/],
  ])('%s: refused, with a reason, and not tried again', async (_what, behaviour, encrypted, why) => {
    await using rig = createSolRig(behaviour, { signed: true, encrypted });
    await using console = rig.console();
    await rig.clock.advance(1_000_000);
    expect(console.events).toMatchObject([{ kind: 'disconnected', reason: 'refused', why, retryMs: null }]);
  });

  test('a busy controller is tried again', async () => {
    await using rig = createSolRig();
    let busy = true;
    rig.commandFate((name) => (busy && name === 'Activate Payload' ? { refusal: 0xc0 } : undefined));
    await using console = rig.console();
    await rig.clock.advance(10);
    busy = false;
    await rig.clock.advance(2_000);
    expect(console.story()).toEqual(['lost', 'connected']);
  });

  test('a lost answer: the console is ours, and packets are kept small', async () => {
    await using rig = createSolRig();
    rig.commandFate((name) => (name === 'Activate Payload' ? 'answer-lost' : undefined));
    await using console = rig.console();
    await rig.clock.advance(6_000);
    expect(console.story()).toEqual(['connected']);
    expect(activations(rig)).toBe(1);
    await Promise.all([console.write(Buffer.alloc(40, 'x'), never), rig.clock.advance(100)]);
    expect(rig.carried.filter(({ payload }) => payload.length > 4).map(({ payload }) => payload.length)).toEqual([
      32, 16,
    ]);
  });

  test('a lost request is sent again', async () => {
    await using rig = createSolRig();
    let lost = 0;
    rig.commandFate((name) => (name === 'Activate Payload' && lost++ === 0 ? 'silent' : undefined));
    await using console = rig.console();
    await rig.clock.advance(6_000);
    expect(console.story()).toEqual(['connected']);
  });

  test('an answer cut short is taken, with small packets', async () => {
    await using rig = createSolRig();
    rig.commandFate((name) => (name === 'Activate Payload' ? { data: Buffer.alloc(6) } : undefined));
    await using console = rig.console();
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected']);
  });

  test('a swapped size makes small packets', async () => {
    await using rig = createSolRig({ inboundPayloadSize: 0x2000 });
    await using console = rig.console();
    await rig.clock.advance(100);
    await Promise.all([console.write(Buffer.alloc(29), never), rig.clock.advance(100)]);
    expect(rig.carried.filter(({ payload }) => payload.length > 4).map(({ payload }) => payload.length)).toEqual([
      32, 5,
    ]);
  });
});

describe('keep-alive', () => {
  test('asks who has the console, every 12 to 16 s', async () => {
    await using rig = createSolRig();
    await using _console = rig.console();
    await rig.clock.advance(200_000);
    const asked = rig.commands.filter((name) => name.endsWith('Get Payload Instance Info')).length;
    expect(asked).toBeGreaterThanOrEqual(13);
    expect(asked).toBeLessThanOrEqual(17);
  });

  test('a board that refuses the question is asked for its device id, and trusted', async () => {
    await using rig = createSolRig({ instanceInfo: 'refused' });
    await using console = rig.console();
    await rig.clock.advance(100_000);
    expect(rig.commands.filter((name) => name.endsWith('Get Payload Instance Info'))).toHaveLength(1);
    expect(rig.commands.filter((name) => name.endsWith('Get Device ID')).length).toBeGreaterThanOrEqual(4);
    expect(console.story()).toEqual(['connected']);
  });

  test('on such a board, the word that the console is given up counts', async () => {
    await using rig = createSolRig({ instanceInfo: 'refused' });
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.server.deactivate(1);
    await rig.clock.advance(100);
    expect(console.story()).toEqual(['connected', 'lost']);
  });

  test.each([
    ['nobody', Buffer.alloc(4)],
    ['an id that is not ours', Buffer.of(9, 9, 9, 9)],
    ['too few bytes', Buffer.of(1)],
  ])('a board that always answers %s is not taken for a thief', async (_what, data) => {
    await using rig = createSolRig();
    rig.commandFate((name) => (name === 'Get Payload Instance Info' ? { data } : undefined));
    await using console = rig.console();
    await rig.clock.advance(100_000);
    expect(console.story()).toEqual(['connected']);
  });
});

describe('controllers by name', () => {
  test('OpenBMC: a lost acknowledgement does not hang the console', async () => {
    await using rig = createSolRig(openBmcSol);
    await using console = rig.console();
    await rig.clock.advance(100);
    let lost = 0;
    rig.fate(({ direction }) => (direction === 'from-bmc' && lost++ === 0 ? [] : [0]));
    const written = console.write(Buffer.from('abc'), never);
    await rig.clock.advance(15_000);
    await written;
    await Promise.all([console.write(Buffer.from('def'), never), rig.clock.advance(100)]);
    expect(rig.line.received().toString()).toBe('abcdef');
    expect(console.story()).toEqual(['connected']);
  });

  test('OpenBMC: output that carries an acknowledgement is both', async () => {
    await using rig = createSolRig({ ...openBmcSol, accumulateMs: 1_000 });
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.line.output('out');
    const written = console.write(Buffer.from('in'), never);
    await rig.clock.advance(50);
    await written;
    expect(console.transcript()).toBe('out');
    expect(rig.carried.find(({ direction }) => direction === 'from-bmc')?.payload.toString('hex')).toBe(
      '010102006f7574',
    );
  });

  test('OpenBMC: repeats after 100 ms are not needed', async () => {
    await using rig = createSolRig(openBmcSol);
    await using console = rig.console();
    await rig.clock.advance(100);
    for (let line = 0; line < 20; line++) {
      rig.line.output(`line ${line}\r\n`);
      await rig.clock.advance(200);
    }
    expect(rig.carried.filter(({ direction }) => direction === 'from-bmc')).toHaveLength(20);
    expect(console.transcript()).toContain('line 19');
  });

  test('ipmi_sim: a break does not hold up what follows', async () => {
    await using rig = createSolRig(ipmiSimSol);
    await using console = rig.console();
    await rig.clock.advance(100);
    const done = Promise.all([console.sendBreak(never), console.write(Buffer.from('x'), never)]);
    await rig.clock.advance(3_000);
    await done;
    expect(rig.line.received().toString()).toBe('x');
    // An odd number: Linux takes the second of two for the end of a SysRq sequence.
    expect(rig.line.breaks).toBe(3);
  });

  test('ipmi_sim: packets have 28 characters', async () => {
    await using rig = createSolRig(ipmiSimSol);
    await using console = rig.console();
    await rig.clock.advance(100);
    await Promise.all([console.write(Buffer.alloc(100, 'x'), never), rig.clock.advance(100)]);
    const sizes = rig.carried
      .filter(({ direction }) => direction === 'to-bmc')
      .map(({ payload }) => payload.length - 4);
    expect(sizes).toEqual([28, 28, 28, 16]);
  });

  test('output that has grown is told once and acknowledged whole', async () => {
    await using rig = createSolRig({ extendResends: true, resendMs: 200 });
    await using console = rig.console();
    await rig.clock.advance(100);
    let lost = 0;
    rig.fate(({ direction }) => (direction === 'to-bmc' && lost++ < 2 ? [] : [0]));
    rig.line.output('first ');
    await rig.clock.advance(100);
    rig.line.output('second ');
    await rig.clock.advance(1_000);
    rig.line.output('third');
    await rig.clock.advance(1_000);
    expect(console.transcript()).toBe('first second third');
  });

  test('an overrun in the controller is marked', async () => {
    await using rig = createSolRig({ bufferBytes: 4 });
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.line.output('abcdef');
    await rig.clock.advance(100);
    expect(console.transcript()).toBe('[lost]abcd');
  });

  test('packets given up by the controller are marked', async () => {
    await using rig = createSolRig({ resends: 1, resendMs: 100 });
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.line.output('a');
    await rig.clock.advance(100);
    rig.fate(({ direction }) => (direction === 'from-bmc' ? [] : [0]));
    rig.line.output('b');
    await rig.clock.advance(1_000);
    rig.fate(() => [0]);
    rig.line.output('c');
    await rig.clock.advance(1_000);
    expect(console.transcript()).toBe('a[lost]c');
  });

  test('rubbish from the controller is dropped', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.inject(1, Buffer.of(1, 2));
    rig.line.output('still here');
    await rig.clock.advance(100);
    expect(console.transcript()).toBe('still here');
  });

  test('characters in an informational packet are heard, though none belong there', async () => {
    await using rig = createSolRig();
    await using console = rig.console();
    await rig.clock.advance(100);
    rig.inject(1, encodeSolControllerPacket({ ...EMPTY_CONTROLLER_PACKET, characters: Buffer.from('x') }));
    await rig.clock.advance(10);
    expect(console.transcript()).toBe('x');
    expect(rig.carried.filter(({ direction }) => direction === 'to-bmc')).toEqual([]);
  });
});
