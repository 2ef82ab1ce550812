/**
 * What a machine's network boot firmware needs otherwise than most. All of it is found out by looking at a boot that
 * fails; nothing here is needed for firmware that keeps to PXE 2.1.
 */
export type FirmwareSpec = {
  /** The loader to offer whatever else was tried or has worked: `snponly.efi`. Default: chosen, with fall-back. */
  readonly loader?: string;
  /**
   * Offers name no file and send the machine to the boot server on port 4011, for firmware that ignores offers which name
   * the file themselves. Default false.
   */
  readonly noBypass?: boolean;
  /**
   * Answers carry neither option 60 nor 43, for firmware that ignores an answer with both PXEClient and a file (Ampere
   * eMAG, tinkerbell/smee#228). Needs our own DHCP: beside another server such an answer is not looked at. Default false.
   */
  readonly noVendorClass?: boolean;
};
