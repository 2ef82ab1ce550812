const BLOT = 0x78;
/** As `http/route.ts` reads it; what is cut within a token has no slash behind it. */
const IN_URL = /(\/boot\/)([0-9a-z]{16,64})(?![0-9a-z])/gi;

/**
 * A copy in which boot tokens are crossed out, at the same length: that of the attempt wherever it stands, and any that stands in a boot
 * URL, since an old one may still be asked for. Who may look at packets must not be able to fetch what they speak of.
 */
export function withoutTokens(data: Buffer, token: string): Buffer {
  const copy = Buffer.from(data);
  for (let at = copy.indexOf(token); at >= 0; at = copy.indexOf(token, at + token.length))
    copy.fill(BLOT, at, at + token.length);
  // Latin-1 has one character a byte, so that places are the same.
  for (const match of copy.toString('latin1').matchAll(IN_URL)) {
    const start = match.index + (match[1]?.length ?? 0);
    copy.fill(BLOT, start, start + (match[2]?.length ?? 0));
  }
  return copy;
}

/** The same for a text that is shown. */
export function textWithoutTokens(text: string, token: string): string {
  return text.replaceAll(token, '…').replace(IN_URL, '$1…');
}
