import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatIpxeLocalDisk } from '../../../src/protocols/ipxe/local-disk.ts';

const QEMU = '/usr/bin/qemu-system-x86_64';
const IPXE = '/usr/lib/ipxe/ipxe.lkrn';
const missing = [QEMU, IPXE].filter((path) => !existsSync(path));
const folder = mkdtempSync(join(tmpdir(), 'bootwright-local-disk-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BOOTED = 'DISK-BOOTED';
const SERIAL_PORT = 0x3f8;

/** A disk whose boot sector says so on the first serial port, and halts. */
function bootableDisk(): Buffer {
  const code = [...`${BOOTED}\n`].flatMap((letter) => [
    ...[0xba, SERIAL_PORT & 0xff, SERIAL_PORT >> 8], // mov dx, port
    ...[0xb0, letter.charCodeAt(0), 0xee], // mov al, letter; out dx, al
  ]);
  const disk = Buffer.alloc(1 << 20);
  Buffer.from([...code, 0xf4, 0xeb, 0xfd]).copy(disk); // hlt; jmp to it
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

/** Starts iPXE with a script on a machine with that disk, without a network. @returns what came on its serial port until `text` */
async function bootUntil(script: string, text: string, signal: AbortSignal): Promise<string> {
  writeFileSync(join(folder, 'script'), script);
  writeFileSync(join(folder, 'disk'), bootableDisk());
  const args = ['-m', '256', '-display', 'none', '-no-reboot', '-net', 'none', '-monitor', 'none', '-serial', 'stdio'];
  const files = [
    '-kernel',
    IPXE,
    '-initrd',
    join(folder, 'script'),
    '-drive',
    `file=${join(folder, 'disk')},format=raw,if=ide`,
  ];
  const child = spawn(QEMU, [...args, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => undefined);
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes(text)) child.kill('SIGKILL');
  }
  return said;
}

describe.skipIf(missing.length > 0)(`iPXE hands on to the disk (missing: ${missing.join(', ') || 'nothing'})`, () => {
  it.each(['auto', 'sanboot', 'exit', 'exit-1'] as const)('by %s, on a BIOS', { timeout: 60_000 }, async (method) => {
    const said = await bootUntil(formatIpxeLocalDisk(method, ['hello']), BOOTED, AbortSignal.timeout(50_000));
    expect(said).toContain(BOOTED);
  });
});
