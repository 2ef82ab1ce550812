import { createHash } from 'node:crypto';
import { RefusedError } from '../../foundation/errors.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { type DhcpMessage, messageTypeOf } from '../../protocols/dhcp/message.ts';
import { addressOption, textOption, u32Option } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { planOf } from '../../protocols/ipxe/boot-plan.ts';
import { parseIpxeScript } from '../../protocols/ipxe/script.ts';
import { decodePxeVendorOptions, PXE_VENDOR_OPTION } from '../../protocols/pxe/vendor-options.ts';
import { type DhcpPort, type ExchangeDeps, openBootServerPort, openDhcpPort } from './exchange.ts';
import { fetchFile, fetchText } from './http-get.ts';
import { clientMessage, type Speaker } from './messages.ts';
import type { FetchedFile, LeaseResult, NetbootResult, PxeClientOptions } from './options.ts';
import { readByTftp } from './tftp-read.ts';

export type PxeClient = {
  /** From the firmware's first DISCOVER until kernel and initrds are here. @throws UnreachableError, RefusedError, DecodeError */
  boot(signal: AbortSignal): Promise<NetbootResult>;
  /** What the initrd and the system do afterwards: ask for the machine's address with an identifier of their own. */
  lease(signal: AbortSignal): Promise<LeaseResult>;
};

/** What DHCP left the speaker with. */
type Configured = { readonly address: string; readonly server: string; readonly file: string };

/** A machine's network boot without the machine: firmware and iPXE as a server sees them. */
export function createPxeClient(deps: ExchangeDeps, options: PxeClientOptions): PxeClient {
  const { addressFrom = 'server', mac } = options;

  async function configure(speaker: Speaker, signal: AbortSignal): Promise<Configured> {
    await using port = await openDhcpPort(deps, options, signal);
    if (addressFrom !== 'server') return await configureByProxy(port, speaker, addressFrom.fixed, signal);
    const { offer, ack } = await fourWay(port, speaker, signal);
    return bootOf(options, ack, offer, ack.yiaddr, speaker, signal, deps);
  }

  async function fourWay(
    port: DhcpPort,
    speaker: Speaker,
    signal: AbortSignal,
  ): Promise<{ offer: DhcpMessage; ack: DhcpMessage }> {
    const discover = clientMessage(deps.entropy, options, { type: 'discover', speaker });
    const offer = await port.ask(
      discover,
      (answer) => messageTypeOf(answer) === 'offer' && answer.yiaddr !== NO_ADDRESS,
      signal,
    );
    const server = serverOf(offer);
    const parts = { type: 'request', speaker, requested: offer.yiaddr, server } as const;
    // The transaction goes on under the same id (RFC 2131 §4.4.1).
    const request = { ...clientMessage(deps.entropy, options, parts), xid: discover.xid };
    const ack = await port.ask(request, (answer) => ['ack', 'nak'].includes(messageTypeOf(answer) ?? ''), signal);
    if (messageTypeOf(ack) === 'nak') throw new RefusedError(`DHCP: ${server} refused ${offer.yiaddr} to ${mac}`);
    return { offer, ack };
  }

  async function configureByProxy(
    port: DhcpPort,
    speaker: Speaker,
    address: string,
    signal: AbortSignal,
  ): Promise<Configured> {
    const discover = clientMessage(deps.entropy, options, { type: 'discover', speaker });
    const isProxyOffer = (answer: DhcpMessage): boolean =>
      answer.yiaddr === NO_ADDRESS &&
      textOption(answer.options, DHCP_OPTION.vendorClass)?.startsWith('PXEClient') === true;
    const offer = await port.ask(discover, isProxyOffer, signal);
    return bootOf(options, offer, offer, address, speaker, signal, deps);
  }

  async function loadFirst(signal: AbortSignal): Promise<FetchedFile | null> {
    if (options.firmware === 'bios-ipxe') return null;
    const { address, server, file } = await configure('firmware', signal);
    if (file === '') throw new RefusedError(`DHCP: ${server} gave ${mac} an address and nothing to boot`);
    const order = { from: address, server, filename: file };
    const asked = [
      { name: 'tsize', value: '0' },
      { name: 'blksize', value: '1468' },
      { name: 'windowsize', value: '4' },
    ];
    const uefi = options.firmware === 'uefi';
    if (uefi) await readByTftp(deps, options, { ...order, options: asked, probe: true }, signal);
    const terms = uefi ? asked : asked.slice(0, 2);
    const { data } = await readByTftp(deps, options, { ...order, options: terms, probe: false }, signal);
    return { name: file, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
  }

  return {
    async boot(signal) {
      const loader = await loadFirst(signal);
      const { address, server, file } = await configure('ipxe', signal);
      if (!file.startsWith('http://')) {
        throw new RefusedError(`DHCP: ${server} gave iPXE of ${mac} ${file === '' ? 'nothing to boot' : file}`);
      }
      const script = await fetchText(file, address, signal);
      const plan = planOf(parseIpxeScript(script));
      const kernel = await fetchFile('kernel', plan.kernelUrl, address, signal);
      const initrds: FetchedFile[] = [];
      for (const { name, url } of plan.initrds) initrds.push(await fetchFile(name, url, address, signal));
      return { address, server, loader, script, kernel, initrds, commandLine: plan.commandLine };
    },
    async lease(signal) {
      await using port = await openDhcpPort(deps, options, signal);
      const { ack } = await fourWay(port, 'system', signal);
      const leaseSeconds = u32Option(ack.options, DHCP_OPTION.leaseTime) ?? 0;
      return { address: ack.yiaddr, server: serverOf(ack), leaseSeconds };
    },
  };
}

/**
 * What to boot, by EDK2's rules (UefiPxeBcDxe): an answer with option 60 PXEClient names its file when option 43 says to boot the
 * offered one, and otherwise sends the client to the boot server.
 */
async function bootOf(
  options: PxeClientOptions,
  answer: DhcpMessage,
  offer: DhcpMessage,
  address: string,
  speaker: Speaker,
  signal: AbortSignal,
  deps: ExchangeDeps,
): Promise<Configured> {
  const server = answer.siaddr !== NO_ADDRESS ? answer.siaddr : serverOf(offer);
  const isPxe = textOption(answer.options, DHCP_OPTION.vendorClass)?.startsWith('PXEClient') === true;
  if (!isPxe || (bootsOfferedFile(answer) && options.asksBootServer !== true))
    return { address, server, file: fileOf(answer) };
  await using port = await openBootServerPort(deps, options, address, server, signal);
  const request = clientMessage(deps.entropy, options, { type: 'request', speaker, ciaddr: address });
  const isAck = (reply: DhcpMessage): boolean => messageTypeOf(reply) === 'ack';
  return { address, server, file: fileOf(await port.ask(request, isAck, signal)) };
}

function bootsOfferedFile(answer: DhcpMessage): boolean {
  const vendor = answer.options.get(DHCP_OPTION.vendorSpecific);
  const control =
    vendor === undefined ? undefined : decodePxeVendorOptions(vendor).get(PXE_VENDOR_OPTION.discoveryControl);
  return ((control?.[0] ?? 0) & 8) !== 0;
}

function fileOf(answer: DhcpMessage): string {
  return textOption(answer.options, DHCP_OPTION.bootFileName) ?? answer.file;
}

function serverOf(answer: DhcpMessage): string {
  const server = addressOption(answer.options, DHCP_OPTION.serverIdentifier);
  if (server === undefined) throw new RefusedError('DHCP answer without a server identifier');
  return server;
}
