/** A public key of OpenSSH as people compare it. */
export type KeyWords = { readonly type: string; readonly fingerprint: string | undefined };

/**
 * Fingerprint of a key line, as `ssh-keygen -lf` prints it.
 * @returns no fingerprint where the browser has no SHA-256: pages over plain HTTP that are not on this computer
 * @see OpenSSH PROTOCOL; W3C Secure Contexts §2
 */
export async function keyWords(line: string): Promise<KeyWords> {
  const [type = '', data = ''] = line.trim().split(/\s+/);
  if (!window.isSecureContext) return { type, fingerprint: undefined };
  try {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return { type, fingerprint: `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, '')}` };
  } catch {
    // Not base64: the service checks keys when they are declared, so this is only ever a key of another kind.
    return { type, fingerprint: undefined };
  }
}
