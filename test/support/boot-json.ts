/** The beginning of a path in a Nix store; a name follows. */
export const STORE = '/nix/store/0123456789abcdfghijklmnpqrsvwxyz';

export type BootJsonOptions = {
  readonly toplevel: string;
  readonly kernel: string;
  readonly initrd?: string;
  readonly kernelParams?: readonly string[];
  readonly initrdSecrets?: string;
};

/** A `boot.json` as NixOS writes it. @see NixOS RFC 0125 */
export function bootJson({ toplevel, kernelParams = [], ...rest }: BootJsonOptions): string {
  return JSON.stringify({
    'org.nixos.bootspec.v1': {
      system: 'x86_64-linux',
      label: 'NixOS 25.11',
      init: `${toplevel}/init`,
      toplevel,
      kernelParams,
      ...rest,
    },
    'org.nixos.specialisation.v1': {},
  });
}
