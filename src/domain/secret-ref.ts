/**
 * Where a secret lives; its value is read at the moment of use and never kept here.
 *   env:NAME            an environment variable of the service
 *   file:/PATH          a file, refused when group or others may read it; one trailing newline is not part of the value
 *   credential:NAME     a file of $CREDENTIALS_DIRECTORY (systemd credentials)
 *   { command: [...] }  standard output of a program run without a shell (pass, sops, age, vault, op)
 * Store-held secrets (`store:`) are one more form of the text.
 */
export type SecretRef = string | { readonly command: readonly string[] };

/** A reference for people: the place, never the value; of a command its program only, since arguments may be telling. */
export function describeSecretRef(ref: SecretRef): string {
  return typeof ref === 'string' ? ref : `command ${ref.command[0] ?? ''}`;
}
