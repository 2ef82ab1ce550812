import { DecodeError } from '../../foundation/errors.ts';
import {
  BOOTREQUEST,
  type DhcpMessage,
  decodeDhcpMessage,
  describeDhcpMessage,
  type MessageTypeName,
  macOf,
  messageTypeOf,
} from '../../protocols/dhcp/message.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { decodeIpxeOptions, ipxeFeatures } from '../../protocols/ipxe/encapsulated-options.ts';
import { pxeClientOf } from '../../protocols/pxe/client.ts';
import { machineIdentifiersOf } from '../../protocols/pxe/machine-identifier.ts';
import { isRaspberryPiRom } from '../../protocols/pxe/raspberry-pi.ts';
import type { BootQuestion } from './boot-question.ts';

/** Messages that clients send. */
export type ClientMessageType = 'discover' | 'request' | 'decline' | 'release' | 'inform';

export type UnderstoodRequest = BootQuestion & {
  readonly message: DhcpMessage;
  readonly type: ClientMessageType;
};

/** Why a datagram is dropped without an answer; the counter's label. */
export type DropReason = 'oversized' | 'malformed' | 'not-a-request' | 'no-message-type' | 'not-ethernet';

/** An Ethernet frame's payload; a client's DHCP message has no reason to be fragmented. */
const LARGEST_REQUEST = 1500;

/** Decodes a datagram into what the policy asks about, or says why it is dropped. Never throws for a remote's bytes. */
export function understandDhcp(data: Buffer): UnderstoodRequest | DropReason {
  if (data.length > LARGEST_REQUEST) return 'oversized';
  try {
    const message = decodeDhcpMessage(data);
    if (message.op !== BOOTREQUEST) return 'not-a-request';
    const type = messageTypeOf(message);
    if (type === undefined) return 'no-message-type';
    if (!isClientType(type)) return 'not-a-request';
    const mac = macOf(message);
    if (mac === undefined) return 'not-ethernet';
    const uuid = message.options.get(DHCP_OPTION.clientMachineIdentifier);
    const uuids = uuid === undefined ? [] : machineIdentifiersOf(uuid);
    const describe = (): string => describeDhcpMessage(message);
    return { message, mac, type, uuids, describe, ...clientOf(message, mac) };
  } catch (error) {
    if (error instanceof DecodeError) return 'malformed';
    throw error;
  }
}

function clientOf(message: DhcpMessage, mac: string): Pick<UnderstoodRequest, 'client' | 'vendorClass'> {
  const { kind, vendorClass, architectures, userClasses } = pxeClientOf(message.options);
  const encapsulated = message.options.get(DHCP_OPTION.ipxeEncapsulated);
  // Any sign of iPXE will do: builds exist with a changed user class, and some relays drop option 175.
  const isIpxe = encapsulated !== undefined || userClasses.includes('iPXE');
  const isPi = kind === 'pxe' && isRaspberryPiRom(mac, architectures);
  const client = {
    client: kind,
    architectures,
    board: isPi ? ('raspberry-pi' as const) : null,
    loader: isIpxe ? ('ipxe' as const) : ('firmware' as const),
    features: encapsulated === undefined ? null : ipxeFeatures(decodeIpxeOptions(encapsulated)),
  };
  return { client, vendorClass };
}

function isClientType(type: MessageTypeName): type is ClientMessageType {
  return type === 'discover' || type === 'request' || type === 'decline' || type === 'release' || type === 'inform';
}
