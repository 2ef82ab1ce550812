import type { BootDevice, BootOverride, BootOverrideReport } from '../../../../domain/ports/bmc.ts';
import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { DecodeError, UnreachableError } from '../../../../foundation/errors.ts';
import {
  BOOT_FLAGS_BYTES,
  BootDeviceSelector,
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
import type { IpmiSession, Reply } from '../session/session.ts';

/** Wait for the answer to each write; what a silent one did is seen when the flags are read back. */
const WRITE_WAIT_MS = 2_000;

/** Parameter 3: keep the flags when no chassis command comes within 60 s. @see IPMI v2.0 rev. 1.1 Table 28-14 */
const KEEP_FLAGS_AFTER_60_S = Buffer.of(0x08);
/** Parameter 4: the BIOS has handled its boot information; mask, then value. @see Table 28-14 */
const BIOS_ACKNOWLEDGED = Buffer.of(0x01, 0x01);

const selectors: Readonly<Record<BootDevice, number>> = {
  none: BootDeviceSelector.noOverride,
  pxe: BootDeviceSelector.pxe,
  disk: BootDeviceSelector.hardDrive,
  cdrom: BootDeviceSelector.cdOrDvd,
  setup: BootDeviceSelector.biosSetup,
};

const devices: ReadonlyMap<number, BootDevice> = new Map([
  [BootDeviceSelector.noOverride, 'none'],
  [BootDeviceSelector.pxe, 'pxe'],
  [BootDeviceSelector.hardDrive, 'disk'],
  [BootDeviceSelector.cdOrDvd, 'cdrom'],
  [BootDeviceSelector.biosSetup, 'setup'],
]);

/**
 * Sets the boot flags and reads them back. Each write goes out once. All but the flags themselves are allowed to fail:
 * OpenBMC refuses parameter 3, ipmi_sim parameter 4, and "set in progress" exists for writers that respect it.
 * @param readWaitsMs transmissions of the read-back
 * @throws RefusedError when the flags are refused
 * @throws UnreachableError when they cannot be read back
 * @see IPMI v2.0 rev. 1.1 §28.12, §28.13
 */
export async function applyBootOverride(
  session: IpmiSession,
  override: BootOverride,
  bmc: string,
  readWaitsMs: Iterable<number>,
  signal: AbortSignal,
): Promise<BootOverrideReport> {
  const set = (parameter: number, data: Buffer): Promise<Reply<undefined>> =>
    session.request(setSystemBootOptions, { parameter, markInvalid: false, data }, [WRITE_WAIT_MS], signal);

  await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.inProgress));
  await set(BootOptionParameter.validBitClearing, KEEP_FLAGS_AFTER_60_S);
  await set(BootOptionParameter.bootInfoAcknowledge, BIOS_ACKNOWLEDGED);
  const flags = await set(BootOptionParameter.bootFlags, bootFlagsOf(override));
  if (flags.kind !== 'refused') {
    await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.commitWrite));
  }
  await set(BootOptionParameter.setInProgress, Buffer.of(SetInProgress.complete));
  if (flags.kind === 'refused') {
    const what = `set boot device ${override.device} on BMC ${bmc}`;
    throw new CompletionCodeError(what, flags.completionCode, setSystemBootOptions.completionCodes);
  }
  return readBack(session, override, bmc, readWaitsMs, signal);
}

async function readBack(
  session: IpmiSession,
  override: BootOverride,
  bmc: string,
  readWaitsMs: Iterable<number>,
  signal: AbortSignal,
): Promise<BootOverrideReport> {
  const what = `read back boot device ${override.device} from BMC ${bmc}`;
  const request = { parameter: BootOptionParameter.bootFlags, setSelector: 0, blockSelector: 0 };
  const reply = await session.request(getSystemBootOptions, request, readWaitsMs, signal);
  switch (reply.kind) {
    case 'silent':
      throw new UnreachableError(`${what}: no answer; whether the override is set is not known`);
    case 'refused':
      throw new CompletionCodeError(what, reply.completionCode, getSystemBootOptions.completionCodes);
    case 'answered': {
      if (reply.response.data.length < 2) throw new DecodeError(`${what}: boot flags are cut short`);
      const flags = decodeBootFlags(new ByteReader(reply.response.data));
      const { valid, persistent, efi } = flags;
      return { device: devices.get(flags.device) ?? 'other', valid, persistent, efi };
    }
  }
}

function bootFlagsOf({ device, persistent, efi }: BootOverride): Buffer {
  const writer = new ByteWriter(BOOT_FLAGS_BYTES);
  encodeBootFlags({ valid: true, persistent, efi, device: selectors[device] }, writer);
  return writer.done();
}
