import { DecodeError } from '../../foundation/errors.ts';

/** What a NixOS generation says about how it is booted. Paths are store paths. */
export type Bootspec = {
  /** `x86_64-linux`. */
  readonly system: string;
  readonly label: string;
  readonly kernel: string;
  readonly kernelParams: readonly string[];
  /** What the kernel's `init=` must be. */
  readonly init: string;
  /** Absent for a generation without one. */
  readonly initrd?: string;
  /** A program that appends secrets to the initrd. */
  readonly initrdSecrets?: string;
  /** The system closure. */
  readonly toplevel: string;
  /** By name, from `org.nixos.specialisation.v1`. */
  readonly specialisations: Readonly<Record<string, Omit<Bootspec, 'specialisations'>>>;
};

const BOOTSPEC_V1 = 'org.nixos.bootspec.v1';
const SPECIALISATION_V1 = 'org.nixos.specialisation.v1';
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `boot.json` of a NixOS generation.
 * @param text the file's text
 * @throws DecodeError naming the missing or wrong field, or another document version
 * @see NixOS RFC 0125 (Bootspec), schema "org.nixos.bootspec.v1"
 */
export function parseBootspec(text: string): Bootspec {
  const document = fields(json(text), 'boot.json');
  const specialisations =
    document[SPECIALISATION_V1] === undefined ? {} : fields(document[SPECIALISATION_V1], SPECIALISATION_V1);
  return {
    ...generation(document, 'boot.json'),
    specialisations: Object.fromEntries(
      Object.entries(specialisations).map(([name, value]) => {
        const where = `${SPECIALISATION_V1}.${name}`;
        return [name, generation(fields(value, where), where)];
      }),
    ),
  };
}

/** The kernel command line of a generation: `init=` first, then its parameters, as NixOS boot loaders write it. */
export function kernelCommandLine(spec: Pick<Bootspec, 'init' | 'kernelParams'>): string {
  return [`init=${spec.init}`, ...spec.kernelParams].join(' ');
}

function generation(document: Fields, where: string): Omit<Bootspec, 'specialisations'> {
  const found = document[BOOTSPEC_V1];
  if (found === undefined) {
    throw new DecodeError(
      `${where}: no "${BOOTSPEC_V1}"; its keys are ${Object.keys(document).slice(0, 8).join(', ') || 'none'}`,
    );
  }
  const spec = fields(found, `${where}: ${BOOTSPEC_V1}`);
  const text = (name: string): string => textField(spec, name, where);
  const params = spec.kernelParams;
  if (!Array.isArray(params) || !params.every((param) => typeof param === 'string')) {
    throw new DecodeError(`${where}: kernelParams is not a list of texts`);
  }
  return {
    system: text('system'),
    label: text('label'),
    kernel: text('kernel'),
    kernelParams: params,
    init: text('init'),
    toplevel: text('toplevel'),
    ...optional(spec, 'initrd', where),
    ...optional(spec, 'initrdSecrets', where),
  };
}

function textField(spec: Fields, name: string, where: string): string {
  const value = spec[name];
  if (typeof value !== 'string' || value === '') throw new DecodeError(`${where}: ${name} is missing or not a text`);
  return value;
}

/** Null counts as absent: nixpkgs writes both. */
function optional<K extends 'initrd' | 'initrdSecrets'>(
  spec: Fields,
  name: K,
  where: string,
): { readonly [key in K]?: string } {
  if (spec[name] === undefined || spec[name] === null) return {};
  const found: { [key in K]?: string } = {};
  found[name] = textField(spec, name, where);
  return found;
}

function fields(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DecodeError(`${where} is not an object`);
  return Object.fromEntries(Object.entries(value));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DecodeError('boot.json is not JSON', { cause });
  }
}
