import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import type { Clock } from '../../foundation/clock.ts';
import {
  BOOT_FLAGS_BYTES,
  decodeBootFlags,
  encodeBootFlags,
} from '../../protocols/ipmi/commands/chassis/boot-flags.ts';
import {
  BootOptionCode,
  BootOptionParameter,
  SetInProgress,
  type SetSystemBootOptionsRequest,
} from '../../protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import type { Chassis } from './chassis.ts';

/** How long boot flags stay valid without a chassis command, unless parameter 3 says otherwise. @see Table 28-14 */
const FLAGS_VALID_MS = 60_000;
/** Parameter 3: do not clear the valid bit when that time is over. @see Table 28-14 */
const KEEP_ON_TIMEOUT = 0x08;

export type BootOptions = {
  /** @returns the completion code */
  set(request: SetSystemBootOptionsRequest): number;
  /** @returns the parameter's data, or the completion code that refuses it */
  get(parameter: number): Buffer | number;
  /** A chassis command has come: the 60 s are met. */
  chassisControlled(): void;
};

/** The boot options of a BMC; the flags themselves live in the chassis. @see IPMI v2.0 rev. 1.1 §28.12, §28.13 */
export function createBootOptions(clock: Clock, chassis: Chassis, signal: AbortSignal): BootOptions {
  let setInProgress: number = SetInProgress.complete;
  let validBitClearing = 0;
  let acknowledge = 0;
  let timer = new AbortController();

  function startTimer(): void {
    timer.abort();
    timer = new AbortController();
    if ((validBitClearing & KEEP_ON_TIMEOUT) !== 0) return;
    const stopped = (): void => undefined;
    const clear = (): void => {
      const flags = chassis.bootFlags();
      if (!flags.persistent) chassis.setBootFlags({ ...flags, valid: false });
    };
    clock.sleep(FLAGS_VALID_MS, AbortSignal.any([signal, timer.signal])).then(clear, stopped);
  }

  return {
    set({ parameter, data }) {
      const [first = 0, second = 0] = data;
      switch (parameter) {
        case BootOptionParameter.setInProgress:
          if (first === SetInProgress.inProgress && setInProgress !== SetInProgress.complete) {
            return BootOptionCode.setInProgress;
          }
          setInProgress = first & 3;
          return CompletionCode.ok;
        case BootOptionParameter.validBitClearing:
          validBitClearing = first & 0x1f;
          return CompletionCode.ok;
        case BootOptionParameter.bootInfoAcknowledge:
          acknowledge = (acknowledge & ~first) | (second & first);
          return CompletionCode.ok;
        case BootOptionParameter.bootFlags:
          if (data.length < 2) return CompletionCode.requestDataLengthInvalid;
          chassis.setBootFlags(decodeBootFlags(new ByteReader(data)));
          startTimer();
          return CompletionCode.ok;
        default:
          return BootOptionCode.parameterNotSupported;
      }
    },
    get(parameter) {
      switch (parameter) {
        case BootOptionParameter.setInProgress:
          return Buffer.of(setInProgress);
        case BootOptionParameter.validBitClearing:
          return Buffer.of(validBitClearing);
        case BootOptionParameter.bootInfoAcknowledge:
          return Buffer.of(0, acknowledge);
        case BootOptionParameter.bootFlags: {
          const writer = new ByteWriter(BOOT_FLAGS_BYTES);
          encodeBootFlags(chassis.bootFlags(), writer);
          return writer.done();
        }
        default:
          return BootOptionCode.parameterNotSupported;
      }
    },
    chassisControlled: () => timer.abort(),
  };
}
