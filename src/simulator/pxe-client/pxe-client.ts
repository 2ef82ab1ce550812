import { createHash } from 'node:crypto';
import { RefusedError, UnreachableError } from '../../foundation/errors.ts';
import { NO_ADDRESS } from '../../protocols/dhcp/ipv4.ts';
import { type DhcpMessage, messageTypeOf } from '../../protocols/dhcp/message.ts';
import { textOption, u32Option } from '../../protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../protocols/dhcp/options.ts';
import { planOf } from '../../protocols/ipxe/boot-plan.ts';
import { parseIpxeScript } from '../../protocols/ipxe/script.ts';
import { type BootOrder, readBootAnswer, serverOf } from './boot-answer.ts';
import { type DhcpPort, type ExchangeDeps, openBootServerPort, openDhcpPort } from './exchange.ts';
import { fetchFile, fetchText, type HttpOrder } from './http-get.ts';
import { clientMessage, type Speaker } from './messages.ts';
import type { FetchedFile, LeaseResult, NetbootResult, PxeClientOptions } from './options.ts';
import { readByTftp } from './tftp-read.ts';

export type PxeClient = {
  /**
   * From the firmware's first DISCOVER until kernel and initrds are here.
   * @throws UnreachableError, RefusedError (with what stood on the screen in `details.screen`), DecodeError
   */
  boot(signal: AbortSignal): Promise<NetbootResult>;
  /** What the initrd and the system do afterwards: ask for the machine's address with an identifier of their own. */
  lease(signal: AbortSignal): Promise<LeaseResult>;
};

/** What DHCP left the speaker with. */
type Configured = { readonly address: string; readonly server: string; readonly order: BootOrder };

/** A machine's network boot without the machine: firmware and iPXE as a server sees them. */
export function createPxeClient(deps: ExchangeDeps, options: PxeClientOptions): PxeClient {
  const { addressFrom = 'server', mac } = options;

  /** @param self who speaks; our iPXE has what an old one in the ROM lacks */
  async function configure(speaker: Speaker, self: PxeClientOptions, signal: AbortSignal): Promise<Configured> {
    await using port = await openDhcpPort(deps, options, signal);
    if (addressFrom !== 'server') return await configureByProxy(port, speaker, self, addressFrom.fixed, signal);
    const { offer, ack } = await fourWay(port, speaker, self, signal);
    return ordered(ack, serverNamed(offer), ack.yiaddr, speaker, self, signal);
  }

  async function fourWay(
    port: DhcpPort,
    speaker: Speaker,
    self: PxeClientOptions,
    signal: AbortSignal,
  ): Promise<{ offer: DhcpMessage; ack: DhcpMessage }> {
    const discover = clientMessage(deps.entropy, self, { type: 'discover', speaker });
    const offer = await port.ask(
      discover,
      (answer) => messageTypeOf(answer) === 'offer' && answer.yiaddr !== NO_ADDRESS,
      signal,
    );
    const server = serverNamed(offer);
    const parts = { type: 'request', speaker, requested: offer.yiaddr, server } as const;
    // The transaction goes on under the same id (RFC 2131 §4.4.1).
    const request = { ...clientMessage(deps.entropy, self, parts), xid: discover.xid };
    const ack = await port.ask(request, (answer) => ['ack', 'nak'].includes(messageTypeOf(answer) ?? ''), signal);
    if (messageTypeOf(ack) === 'nak') throw new RefusedError(`DHCP: ${server} refused ${offer.yiaddr} to ${mac}`);
    return { offer, ack };
  }

  async function configureByProxy(
    port: DhcpPort,
    speaker: Speaker,
    self: PxeClientOptions,
    address: string,
    signal: AbortSignal,
  ): Promise<Configured> {
    const discover = clientMessage(deps.entropy, self, { type: 'discover', speaker });
    const word = vendorWord(speaker);
    const isProxyOffer = (answer: DhcpMessage): boolean =>
      answer.yiaddr === NO_ADDRESS && textOption(answer.options, DHCP_OPTION.vendorClass)?.startsWith(word) === true;
    const offer = await port.ask(discover, isProxyOffer, signal);
    return ordered(offer, serverNamed(offer), address, speaker, self, signal);
  }

  function vendorWord(speaker: Speaker): string {
    if (speaker !== 'firmware') return 'PXEClient';
    return options.vendorClass ?? (options.firmware === 'uefi-http' ? 'HTTPClient' : 'PXEClient');
  }

  /** What to boot by this answer, or by the boot server's where the answer sends us there. */
  async function ordered(
    answer: DhcpMessage,
    server: string,
    address: string,
    speaker: Speaker,
    self: PxeClientOptions,
    signal: AbortSignal,
  ): Promise<Configured> {
    const order = readBootAnswer(answer, options, speaker, options.asksBootServer === true);
    if (order.kind !== 'ask-boot-server') return { address, server, order };
    await using port = await openBootServerPort(deps, options, address, order.server, signal);
    const request = clientMessage(deps.entropy, self, { type: 'request', speaker, ciaddr: address });
    const ack = await port.ask(request, (reply) => messageTypeOf(reply) === 'ack', signal);
    return { address, server, order: readBootAnswer(ack, options, speaker, false) };
  }

  async function loadFirst(signal: AbortSignal): Promise<FetchedFile | null> {
    if (options.firmware === 'bios-ipxe') return options.oldIpxe === true ? loadAs('ipxe', signal) : null;
    return loadAs('firmware', signal);
  }

  async function loadAs(speaker: Speaker, signal: AbortSignal): Promise<FetchedFile> {
    const { address, server, order } = await configure(speaker, options, signal);
    switch (order.kind) {
      case 'url':
        return await fetchFile(
          deps,
          { name: order.url.split('/').at(-1) ?? '', url: order.url, from: address },
          signal,
        );
      case 'file':
        return await loadByTftp(order, address, signal);
      case 'message':
        throw new RefusedError(`PXE: ${order.text}`, { details: { screen: order.text } });
      case 'ask-boot-server':
      case 'nothing':
        throw new RefusedError(`DHCP: ${server} gave ${mac} an address and nothing to boot`);
    }
  }

  async function loadByTftp(
    { server, file, bytes }: Extract<BootOrder, { kind: 'file' }>,
    from: string,
    signal: AbortSignal,
  ): Promise<FetchedFile> {
    // A Raspberry Pi asks below its serial number first, whatever file the answer names.
    const filename = options.firmware === 'raspberry-pi' ? `${options.uuid.slice(0, 8)}/start4.elf` : file;
    const asked = [
      { name: 'tsize', value: '0' },
      { name: 'blksize', value: '1468' },
      { name: 'windowsize', value: '4' },
    ];
    const isUefi = options.firmware === 'uefi';
    const order = { from, server, filename };
    if (isUefi && bytes === undefined)
      await readByTftp(deps, options, { ...order, options: asked, probe: true }, signal);
    const terms = isUefi ? asked : asked.slice(0, 2);
    const { data } = await readByTftp(deps, options, { ...order, options: terms, probe: false }, signal);
    showIfScript(data);
    options.watch?.('whole', filename);
    return { name: filename, bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
  }

  /** The script that iPXE is given, and where it came from. */
  async function script(
    self: PxeClientOptions,
    signal: AbortSignal,
  ): Promise<{ address: string; server: string; text: string }> {
    const { address, server, order } = await configure('ipxe', self, signal);
    if (order.kind !== 'file') throw new RefusedError(`DHCP: ${server} gave iPXE of ${mac} nothing to boot`);
    if (order.file.startsWith('http://'))
      return { address, server, text: await fetchText(deps, by('script', order.file, address), signal) };
    const read = { from: address, server: order.server, filename: order.file, options: [], probe: false };
    const { data } = await readByTftp(deps, options, read, signal);
    showIfScript(data);
    throw new RefusedError(`DHCP: ${server} gave iPXE of ${mac} ${order.file} again`);
  }

  function by(name: string, url: string, from: string): HttpOrder {
    const { watch, check } = options;
    return { name, url, from, ...(watch === undefined ? {} : { watch }), ...(check === undefined ? {} : { check }) };
  }

  return {
    async boot(signal) {
      const loader = await loadFirst(signal);
      if (loader !== null && options.hangsIn?.includes(loader.name) === true)
        throw new UnreachableError(`${loader.name} hangs on the network card of ${mac}`);
      const { address, server, text } = await script(
        loader === null ? options : { ...options, oldIpxe: false },
        signal,
      );
      const plan = planOf(parseIpxeScript(text));
      const kernel = await fetchFile(deps, by('kernel', plan.kernelUrl, address), signal);
      const initrds: FetchedFile[] = [];
      for (const { name, url } of plan.initrds) initrds.push(await fetchFile(deps, by(name, url, address), signal));
      return { address, server, loader, script: text, kernel, initrds, commandLine: plan.commandLine };
    },
    async lease(signal) {
      await using port = await openDhcpPort(deps, options, signal);
      const { ack } = await fourWay(port, 'system', options, signal);
      const leaseSeconds = u32Option(ack.options, DHCP_OPTION.leaseTime) ?? 0;
      return { address: ack.yiaddr, server: serverNamed(ack), leaseSeconds };
    },
  };
}

function serverNamed(answer: DhcpMessage): string {
  const server = serverOf(answer);
  if (server === undefined) throw new RefusedError('DHCP answer without a server identifier');
  return server;
}

/** A script that comes by TFTP is one that says why there is no boot. @throws RefusedError with what it writes to the screen */
function showIfScript(data: Buffer): void {
  const text = data.toString('latin1');
  if (!text.startsWith('#!ipxe')) return;
  const screen = [...text.matchAll(/^echo (.*)$/gm)].map((line) => line[1]).join('\n');
  throw new RefusedError(`iPXE: ${screen}`, { details: { screen } });
}
