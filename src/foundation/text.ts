import { stripVTControlCharacters } from 'node:util';

/** The last lines of some program's output, without colours, progress bars and control characters: for people. */
export function lastPlainLines(output: Buffer, count: number): readonly string[] {
  const text = stripVTControlCharacters(output.toString('utf8')).replace(/[^\n\t\P{Cc}]/gu, '');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
