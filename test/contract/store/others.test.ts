import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../../src/foundation/errors.ts';
import { STORES } from './contract.ts';

const BOOT = { kernel: 'vmlinuz', initrds: ['a.img', 'b.img'], commandLine: 'quiet' };

describe.each(STORES)('output on $name', ({ open }) => {
  test('bytes are kept by offset, doubles are skipped, and one event tells of each addition', async () => {
    await using rig = await open();
    const { id } = await rig.order(await rig.machine());
    const { output } = rig.store;
    expect(await output.end(id, 1)).toBe(0);
    await output.append(id, 1, 0, Buffer.from('building\n'));
    await output.append(id, 1, 0, Buffer.from('building\n'));
    await output.append(id, 1, 4, Buffer.from('ding\ncopying\xff\x00', 'latin1'));
    await output.append(id, 0, 0, Buffer.from('other step'));
    expect(await output.end(id, 1)).toBe(18);
    expect((await output.read(id, 1, 0, 100)).toString('latin1')).toBe('building\ncopying\xff\x00');
    expect((await output.read(id, 1, 5, 6)).toString()).toBe('ing\nco');
    expect((await output.read(id, 1, 10, 100)).toString('latin1')).toBe('opying\xff\x00');
    expect(await output.read(id, 1, 18, 100)).toHaveLength(0);
    expect(await output.read(id, 1, 500, 100)).toHaveLength(0);
    await expect(output.append(id, 1, 20, Buffer.from('x'))).rejects.toThrow('2 bytes before 20 are missing');
    const events = await rig.store.timeline.readRun(id, { afterSeq: 2 });
    expect(events.map((event) => [event.step, event.data])).toEqual([
      ['system', { step: 'system', from: 0, to: 9 }],
      ['system', { step: 'system', from: 9, to: 18 }],
      ['power-on', { step: 'power-on', from: 0, to: 10 }],
    ]);
    await expect(output.append('nothing', 0, 0, Buffer.from('x'))).rejects.toThrow();
  });

  test('beyond the limit it is counted, not kept, and that is told once', async () => {
    await using rig = await open(10);
    const { id } = await rig.order(await rig.machine());
    const { output } = rig.store;
    await output.append(id, 0, 0, Buffer.from('12345678'));
    await output.append(id, 0, 8, Buffer.from('90ab'));
    await output.append(id, 0, 12, Buffer.from('cdef'));
    expect(await output.end(id, 0)).toBe(16);
    expect((await output.read(id, 0, 0, 100)).toString()).toBe('1234567890');
    const events = await rig.store.timeline.readRun(id, { afterSeq: 2 });
    expect(events.map((event) => event.data)).toMatchObject([{ to: 8 }, { from: 8, to: 10, cut: true }]);
  });

  test('pages through output of many chunks without a hole', async () => {
    await using rig = await open();
    const { id } = await rig.order(await rig.machine());
    let text = '';
    for (let n = 0; n < 60; n++) {
      const line = `line ${n} ${'x'.repeat(n % 7)}\n`;
      await rig.store.output.append(id, 0, text.length, Buffer.from(line));
      text += line;
    }
    let read = '';
    for (let part = 'x'; part !== ''; read += part)
      part = (await rig.store.output.read(id, 0, read.length, 37)).toString();
    expect(read).toBe(text);
  });
});

describe.each(STORES)('boot attempts on $name', ({ open }) => {
  test('the same run and round give the same attempt, another round ends it', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const run = await rig.order(machine);
    const { attempts } = rig.store;
    const order = { machineId: machine.id, runId: run.id, round: 1, boot: BOOT };
    const first = await attempts.arm(order, 60_000);
    expect(first).toMatchObject({ ...order, expiresAt: rig.clock.now() + 60_000 });
    expect(first.token).toMatch(/^[0-9a-z]{32}$/);
    await rig.clock.advance(1000);
    expect(await attempts.arm(order, 60_000)).toEqual({ ...first, expiresAt: rig.clock.now() + 60_000 });
    const second = await attempts.arm({ ...order, round: 2 }, 60_000);
    expect(second.token).not.toBe(first.token);
    expect(await attempts.current(machine.id)).toEqual(second);
    expect(await attempts.find(first.token)).toMatchObject({ token: first.token, ended: true });
    expect(await attempts.find('nothing')).toBeUndefined();
    const events = await rig.store.timeline.readRun(run.id, { afterSeq: 2 });
    expect(events.map((event) => [event.type, event.data.attempt])).toEqual([
      ['boot.armed', 1],
      ['boot.armed', 1],
      ['boot.armed', 2],
    ]);
    expect(JSON.stringify(events)).not.toContain(first.token);
  });

  test('ends by disarming, once, and by time', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const run = await rig.order(machine);
    const { attempts, timeline } = rig.store;
    const order = { machineId: machine.id, runId: run.id, round: 1, boot: BOOT };
    await attempts.arm(order, 60_000);
    await attempts.disarm(machine.id, 'another run', 'x');
    expect(await attempts.current(machine.id)).toBeDefined();
    await attempts.disarm(machine.id, run.id, 'initrd served');
    await attempts.disarm(machine.id, run.id, 'again');
    expect(await attempts.current(machine.id)).toBeUndefined();
    const last = (await timeline.readRun(run.id, {})).at(-1);
    expect(last).toMatchObject({ type: 'boot.disarmed', data: { attempt: 1, why: 'initrd served' } });
    const { token } = await attempts.arm({ ...order, round: 2 }, 60_000);
    await rig.clock.advance(60_000);
    expect(await attempts.current(machine.id)).toBeUndefined();
    expect(await attempts.find(token)).toMatchObject({ ended: false, expiresAt: rig.clock.now() });
  });
});

describe.each(STORES)('DHCP leases on $name', ({ open }) => {
  test('a lease replaces what its address or MAC had', async () => {
    await using rig = await open();
    const { leases } = rig.store;
    const expiresAt = rig.clock.now() + 1000;
    await leases.put({ address: '10.0.0.1', mac: 'AA:00:00:00:00:01', expiresAt, state: 'offered' });
    await leases.put({ address: '10.0.0.2', mac: 'aa:00:00:00:00:01', expiresAt, state: 'bound' });
    expect(await leases.ofAddress('10.0.0.1')).toBeUndefined();
    expect(await leases.ofMac('aa:00:00:00:00:01')).toMatchObject({ address: '10.0.0.2', state: 'bound' });
    await leases.put({ address: '10.0.0.2', mac: 'aa:00:00:00:00:02', expiresAt, state: 'bound' });
    expect(await leases.ofMac('aa:00:00:00:00:01')).toBeUndefined();
    await leases.remove('10.0.0.2');
    await leases.remove('10.0.0.2');
    expect(await leases.ofAddress('10.0.0.2')).toBeUndefined();
  });

  test('a declined address stays declined when its client gets another', async () => {
    await using rig = await open();
    const { leases } = rig.store;
    const mac = 'aa:00:00:00:00:01';
    const expiresAt = rig.clock.now() + 1000;
    await leases.put({ address: '10.0.0.1', mac, expiresAt, state: 'bound' });
    await leases.put({ address: '10.0.0.1', mac, expiresAt, state: 'declined' });
    expect(await leases.ofMac(mac)).toBeUndefined();
    await leases.put({ address: '10.0.0.2', mac, expiresAt, state: 'bound' });
    await leases.put({ address: '10.0.0.2', mac, expiresAt, state: 'declined' });
    expect((await leases.list()).map((lease) => [lease.address, lease.state])).toEqual([
      ['10.0.0.1', 'declined'],
      ['10.0.0.2', 'declined'],
    ]);
    await rig.clock.advance(1000);
    expect(await leases.list()).toEqual([]);
    expect(await leases.ofAddress('10.0.0.1')).toMatchObject({ state: 'declined' });
  });
});

describe.each(STORES)('generations on $name', ({ open }) => {
  test('a proof is recorded once, with its event, newest last', async () => {
    await using rig = await open();
    const machine = await rig.machine();
    const run = await rig.order(machine);
    const { generations } = rig.store;
    const proof = { machineId: machine.id, runId: run.id, bootId: 'b' };
    await generations.prove({ ...proof, toplevel: '/nix/store/b', provenAt: 1 });
    await generations.prove({ ...proof, toplevel: '/nix/store/b', provenAt: 9 });
    await generations.prove({ ...proof, toplevel: '/nix/store/a', provenAt: 2 });
    const { bootId: _, ...rest } = proof;
    expect(await generations.list(machine.id)).toEqual([
      { ...rest, toplevel: '/nix/store/b', provenAt: 1 },
      { ...rest, toplevel: '/nix/store/a', provenAt: 2 },
    ]);
    const events = (await rig.store.timeline.readRun(run.id, {})).filter((event) => event.type === 'generation.proven');
    expect(events.map((event) => event.data)).toEqual([
      { toplevel: '/nix/store/b', bootId: 'b' },
      { toplevel: '/nix/store/a', bootId: 'b' },
    ]);
  });
});

describe.each(STORES)('BMC pins on $name', ({ open }) => {
  test('are put, replaced, listed and removed', async () => {
    await using rig = await open();
    const { bmcPins } = rig.store;
    await bmcPins.put({ bmc: '192.0.2.8:623', cipherSuite: 3 });
    await bmcPins.put({ bmc: '192.0.2.7:623', cipherSuite: 3 });
    await bmcPins.put({ bmc: '192.0.2.7:623', cipherSuite: 17 });
    expect(await bmcPins.list()).toEqual([
      { bmc: '192.0.2.7:623', cipherSuite: 17 },
      { bmc: '192.0.2.8:623', cipherSuite: 3 },
    ]);
    await bmcPins.remove('192.0.2.7:623');
    await bmcPins.remove('192.0.2.7:623');
    expect(await bmcPins.list()).toEqual([{ bmc: '192.0.2.8:623', cipherSuite: 3 }]);
  });
});

describe.each(STORES)('tokens on $name', ({ open }) => {
  test('are found by hash, noted when used, listed and removed', async () => {
    await using rig = await open();
    const { tokens } = rig.store;
    const hash = createHash('sha256').update('a token').digest('hex');
    const token = await tokens.create({ name: 'ci', role: 'operator', hash });
    expect(token).toMatchObject({ name: 'ci', role: 'operator', hash, createdAt: rig.clock.now(), lastUsedAt: null });
    expect(await tokens.findByHash(hash)).toEqual(token);
    expect(await tokens.findByHash('0'.repeat(64))).toBeUndefined();
    await tokens.touch(token.id);
    const firstUse = rig.clock.now();
    await rig.clock.advance(59_000);
    await tokens.touch(token.id);
    expect((await tokens.findByHash(hash))?.lastUsedAt).toBe(firstUse);
    await rig.clock.advance(1000);
    await tokens.touch(token.id);
    expect((await tokens.list()).map((one) => one.lastUsedAt)).toEqual([firstUse + 60_000]);
    await expect(tokens.create({ name: 'x', role: 'admin', hash })).rejects.toThrow(ConflictError);
    await expect(tokens.create({ name: 'x', role: 'admin', hash: 'a token' })).rejects.toThrow(InvalidRequestError);
    await tokens.remove(token.id);
    await expect(tokens.remove(token.id)).rejects.toThrow(NotFoundError);
    expect(await tokens.list()).toEqual([]);
  });
});
