import { type UnderstoodRequest, understandDhcp } from '../../src/netboot/dhcp/understand.ts';
import { encodeDhcpMessage } from '../../src/protocols/dhcp/message.ts';
import { clientMessage } from '../../src/simulator/pxe-client/messages.ts';

const ENTROPY = { bytes: (length: number) => Buffer.alloc(length, 0x22) };

export type StrangerAsk = {
  readonly mac: string;
  readonly uuid?: string;
  readonly speaker?: 'firmware' | 'system';
  readonly giaddr?: string;
  /** Options to set, or with null to leave out. */
  readonly options?: Readonly<Record<number, Buffer | null>>;
};

/** A DISCOVER as a listener understands it. */
export function strangerRequest(ask: StrangerAsk): UnderstoodRequest {
  const { mac, uuid = '4c4c4544-0033-4a10-8052-b4c04f4d3432', speaker = 'firmware', giaddr = '0.0.0.0' } = ask;
  const base = clientMessage(ENTROPY, { mac, uuid, firmware: 'uefi' }, { type: 'discover', speaker });
  const options = new Map(base.options);
  for (const [code, value] of Object.entries(ask.options ?? {})) {
    if (value === null) options.delete(Number(code));
    else options.set(Number(code), value);
  }
  const request = understandDhcp(encodeDhcpMessage({ ...base, giaddr, options }));
  if (typeof request === 'string') throw new Error(`not understood: ${request}`);
  return request;
}
