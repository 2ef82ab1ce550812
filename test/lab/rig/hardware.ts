/**
 * The hardware of one machine, a process of its own in the lab's namespace: `node hardware.ts FOLDER`.
 * FOLDER has machine.json, disk.qcow2 and the firmware's variables; sockets, logs and state files are made there.
 * ipmi_sim reaches it through the unix socket `ctl.sock` (one line in, the answer out) and its serial port.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Chassis, createChassis } from './chassis.ts';
import type { HardwareConfig } from './qemu-command.ts';

process.chdir(process.argv[2] ?? '.');
const machine = JSON.parse(readFileSync('machine.json', 'utf8')) as HardwareConfig; // written by our own rig
const viewers = new Set<Socket>(); // SOL
const chassis = createChassis(machine, (data) => {
  for (const viewer of viewers) viewer.write(data);
});

const stop = () => {
  chassis.control('set power 0').then(
    () => process.exit(0),
    () => process.exit(1),
  );
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
serveSerial(viewers, chassis).listen(machine.serialPort, '127.0.0.1');
rmSync('ctl.sock', { force: true });
serveControl(chassis).listen('ctl.sock');
writeFileSync('hardware.pid', String(process.pid));
await chassis.run();

/** Answers one line a connection; a failure is answered as `error: …`. */
function serveControl(target: Chassis): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy()); // the BMC went away: the next one asks again
    createInterface({ input: socket }).once('line', (line) => {
      target.control(line).then(
        (answer) => socket.end(`${answer}\n`),
        (error: unknown) => socket.end(`error: ${String(error)}\n`),
      );
    });
  });
}

/** The serial line, to any number of viewers at once. */
function serveSerial(all: Set<Socket>, target: Chassis): Server {
  return createServer((socket) => {
    all.add(socket);
    socket.on('data', (data) => target.type(data));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => all.delete(socket));
  });
}
