/**
 * The types by which EDK2 knows what to do with a file it booted over HTTP: start it, or mount it as a RAM disk. It looks at the
 * type first and at the end of the name only when the type tells it nothing.
 * @see UEFI Specification 2.10 §24.7.3.1; edk2 NetworkPkg/HttpBootDxe/HttpBootSupport.c HttpBootCheckImageType
 */
const TYPES: readonly (readonly [end: string, type: string])[] = [
  ['.efi', 'application/efi'],
  ['.iso', 'application/vnd.efi-iso'],
  ['.img', 'application/vnd.efi-img'],
  ['.ipxe', 'text/plain; charset=utf-8'],
];

/** The Content-Type of a served file, by its name. */
export function contentTypeOf(name: string): string {
  const lower = name.toLowerCase();
  return TYPES.find(([end]) => lower.endsWith(end))?.[1] ?? 'application/octet-stream';
}
