import { useState } from 'react';
import type { DiscoveredMachineBody } from '../../api/schema/discovered.ts';
import type { MachineBody } from '../../api/schema/machine.ts';
import { call } from '../api/client.ts';
import { goTo, machinePath } from '../live/location.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ProblemNote } from '../ui/problem-note.tsx';
import { suggestedName } from './words.ts';

type Props = { readonly machine: DiscoveredMachineBody; readonly close: () => void };

/** Asks for what a declaration cannot do without; the rest is added to the machine later. */
export function ApproveDialog({ machine, close }: Props) {
  const { mac, sameMachine, askedAddress } = machine;
  const [name, setName] = useState(() => suggestedName(machine));
  const [address, setAddress] = useState(askedAddress ?? '');
  const [hostKey, setHostKey] = useState('');
  const [identity, setIdentity] = useState('');
  const [together, setTogether] = useState(true);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  const approve = (): void => {
    setBusy(true);
    setError(undefined);
    const body = {
      name: name.trim(),
      address: address.trim(),
      stage3: { hostKeys: [hostKey.trim()], identity: identity.trim() },
      ...(together && sameMachine.length > 0 ? { macs: [mac, ...sameMachine] } : { macs: [mac] }),
    };
    call<MachineBody>('POST', `/discovered-machines/${encodeURIComponent(mac)}/approve`, { body })
      .then((made) => goTo(machinePath(made.name)), setError)
      .finally(() => setBusy(false));
  };

  return (
    <Dialog title={`Approve ${mac}?`} confirm="Approve" busy={busy} onConfirm={approve} onClose={close}>
      <p>
        It becomes a declared machine, and its next DHCP request is answered. BMC, disks and host keys are added later.
      </p>
      <Field label="Name" value={name} change={setName} example="rack1-n01" />
      <Field label="Address" value={address} change={setAddress} example="10.77.0.11" />
      <Field
        label="Public host key of its system"
        value={hostKey}
        change={setHostKey}
        example="ssh-ed25519 AAAA…, from /etc/ssh there"
      />
      <Field
        label="Where our private SSH key for it is"
        value={identity}
        change={setIdentity}
        example="file:/etc/bootwright/id_ed25519"
      />
      {sameMachine.length === 0 ? null : (
        <label className="tick">
          <input type="checkbox" checked={together} onChange={() => setTogether(!together)} /> With its other network
          cards: {sameMachine.join(', ')}
        </label>
      )}
      {error === undefined ? null : <ProblemNote error={error} />}
    </Dialog>
  );
}

type FieldProps = {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly example: string;
};

function Field({ label, value, change, example }: FieldProps) {
  return (
    <label className="field">
      {label}
      <input
        type="text"
        required
        value={value}
        placeholder={example}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  );
}
