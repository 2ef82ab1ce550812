import { type ReactNode, useEffect, useState } from 'react';
import type { MachineBody, MachineSpecBody } from '../../api/schema/machine.ts';
import { type KeyWords, keyWords } from '../words/fingerprint.ts';

type Props = { readonly spec: MachineSpecBody; readonly source: MachineBody['source'] };
type Ssh = MachineSpecBody['stage3'];

/** How the machine is declared, without where its secrets are. */
export function Declaration({ spec, source }: Props) {
  const { address, macs, bmcs, netboot, stage1, stage3, disks, rebuild, session } = spec;
  return (
    <section className="card declaration" aria-labelledby="declaration">
      <h2 id="declaration">Declaration</h2>
      <dl className="facts">
        <Fact name="Address">
          <code>{address}</code>
        </Fact>
        <Fact name="MAC">
          {macs.map((mac) => (
            <code key={mac}>{mac}</code>
          ))}
        </Fact>
        <Fact name="BMC">
          {bmcs.length === 0 ? 'none' : null}
          {bmcs.map((bmc) => (
            <span key={`${bmc.host} ${bmc.port}`}>
              {bmc.protocol} <code>{bmc.port === undefined ? bmc.host : `${bmc.host}:${bmc.port}`}</code> as {bmc.user}
            </span>
          ))}
        </Fact>
        <Fact name="Boots from">{netboot === undefined ? 'its own disk' : netbootText(netboot)}</Fact>
        <Fact name="Disks">{disks.length === 0 ? 'none encrypted' : disks.map((disk) => disk.name).join(', ')}</Fact>
        {stage1 === undefined ? null : <SshFact name="Stage 1" ssh={stage1} />}
        <SshFact name="Stage 3" ssh={stage3} />
        <Fact name="Flake">
          {rebuild === undefined ? 'none' : <code>{`${rebuild.flake}#${rebuild.attribute ?? spec.name}`}</code>}
        </Fact>
        <Fact name="Session of">{session === undefined ? 'nobody is waited for' : session.user}</Fact>
        <Fact name="Declared in">{source === 'config' ? 'the configuration file' : 'the API'}</Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function SshFact({ name, ssh }: { readonly name: string; readonly ssh: Ssh }) {
  return (
    <Fact name={name}>
      <span>
        SSH as {ssh.user ?? 'root'}, port {ssh.port ?? 22}
      </span>
      {ssh.hostKeys.map((line) => (
        <HostKey key={line} line={line} />
      ))}
    </Fact>
  );
}

/** A pinned key by its fingerprint; where that cannot be computed, by the key's end, which differs between keys. */
function HostKey({ line }: { readonly line: string }) {
  const [words, setWords] = useState<KeyWords>();
  useEffect(() => {
    let current = true;
    keyWords(line).then(
      (found) => {
        if (current) setWords(found);
      },
      (error: unknown) => console.error('fingerprint of a host key', error),
    );
    return () => {
      current = false;
    };
  }, [line]);
  if (words === undefined) return <code>…</code>;
  const [, data = ''] = line.split(' ');
  return (
    <span className="key">
      {words.type} <code>{words.fingerprint ?? `…${data.slice(-16)}`}</code>
    </span>
  );
}

function netbootText(netboot: NonNullable<MachineSpecBody['netboot']>): string {
  if ('localDisk' in netboot) return 'its own disk, by way of the network';
  if ('generation' in netboot) return `the network: NixOS generation ${netboot.generation}`;
  if ('script' in netboot)
    return `the network: ${typeof netboot.script === 'string' ? 'own script' : `script ${netboot.script.asset}`}`;
  const { kernel, initrds } = 'rescue' in netboot ? netboot.rescue : netboot;
  const files = [kernel, ...initrds].join(', ');
  return 'rescue' in netboot ? `the network: rescue system ${files}` : `the network: ${files}`;
}
