import type { BootOverride, BootOverrideReport } from '../../../../domain/ports/bmc.ts';
import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { UnreachableError } from '../../../../foundation/errors.ts';
import { getDeviceId } from '../../../../protocols/ipmi/commands/application/get-device-id.ts';
import {
  BOOT_FLAGS_BYTES,
  decodeBootFlags,
  encodeBootFlags,
} from '../../../../protocols/ipmi/commands/chassis/boot-flags.ts';
import { getSystemBootOptions } from '../../../../protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import {
  BootOptionParameter,
  SetInProgress,
  setSystemBootOptions,
} from '../../../../protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { CompletionCodeError } from '../../../../protocols/ipmi/completion-code.ts';
import { ifThere } from '../if-there.ts';
import type { IpmiRequester, Reply } from '../requester.ts';
import { dependsOnManufacturer, deviceOf, selectorFor, selectorIsAmbiguous } from './boot-selectors.ts';

/** Parameter 3: keep the flags when no chassis command comes within 60 s. @see IPMI v2.0 rev. 1.1 Table 28-14 */
const KEEP_FLAGS_AFTER_60_S = Buffer.of(0x08);
/** Parameter 4: the BIOS has handled its boot information; mask, then value. @see Table 28-14 */
const BIOS_ACKNOWLEDGED = Buffer.of(0x01, 0x01);

/**
 * Sets the boot flags and reads them back. Each write goes out once; what a silent one did is seen in the read-back.
 * All but the flags themselves are allowed to fail: OpenBMC refuses parameter 3, ipmi_sim parameter 4, and "set in
 * progress" exists for writers that respect it.
 * @returns what the controller has now: a persistent override that it made one-time, or an EFI bit that it lost, is
 *   told by `persistent` and `efi`
 * @throws CompletionCodeError when the flags are refused
 * @throws UnreachableError when they cannot be read back
 * @see IPMI v2.0 rev. 1.1 §28.12, §28.13
 */
export async function setBootOverride(
  requester: IpmiRequester,
  override: BootOverride,
  signal: AbortSignal,
): Promise<BootOverrideReport> {
  const data = await bootFlagsOf(requester, override, signal);
  const set = (parameter: number, value: Buffer): Promise<Reply<undefined>> =>
    requester.once(setSystemBootOptions, { parameter, markInvalid: false, data: value }, signal);

  await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.inProgress));
  await set(BootOptionParameter.validBitClearing, KEEP_FLAGS_AFTER_60_S);
  await set(BootOptionParameter.bootInfoAcknowledge, BIOS_ACKNOWLEDGED);
  const flags = await set(BootOptionParameter.bootFlags, data);
  if (flags.kind !== 'refused') {
    await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.commitWrite));
  }
  await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.complete));
  if (flags.kind === 'refused') {
    const what = `set boot device ${override.device} on BMC ${requester.name}`;
    throw new CompletionCodeError(what, flags.completionCode, setSystemBootOptions.completionCodes);
  }
  try {
    return await readBootOverride(requester, signal);
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const what = `read back boot device ${override.device} from BMC ${requester.name}`;
    throw new UnreachableError(`${what}: no answer; whether the override is set is not known`, { cause: error });
  }
}

/**
 * The boot flags that the controller has now.
 * @throws CompletionCodeError, UnreachableError, DecodeError
 * @see IPMI v2.0 rev. 1.1 §28.13, Table 28-14 parameter 5
 */
export async function readBootOverride(requester: IpmiRequester, signal: AbortSignal): Promise<BootOverrideReport> {
  const request = { parameter: BootOptionParameter.bootFlags, setSelector: 0, blockSelector: 0 };
  const { data } = await requester.ask(getSystemBootOptions, request, signal);
  const { valid, persistent, efi, device: selector } = decodeBootFlags(new ByteReader(data));
  const manufacturer = selectorIsAmbiguous(selector, efi) ? await manufacturerId(requester, signal) : null;
  return { device: deviceOf(selector, efi, manufacturer), valid, persistent, efi };
}

async function bootFlagsOf(
  requester: IpmiRequester,
  { device, persistent, efi }: BootOverride,
  signal: AbortSignal,
): Promise<Buffer> {
  const manufacturer = dependsOnManufacturer(device, efi) ? await manufacturerId(requester, signal) : null;
  const writer = new ByteWriter(BOOT_FLAGS_BYTES);
  encodeBootFlags({ valid: true, persistent, efi, device: selectorFor(device, efi, manufacturer) }, writer);
  return writer.done();
}

async function manufacturerId(requester: IpmiRequester, signal: AbortSignal): Promise<number | null> {
  return (await ifThere(requester, getDeviceId, undefined, signal))?.manufacturerId ?? null;
}
