import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseReport, quote, reported, reportedAll } from '../../../src/drivers/ssh/shell.ts';

describe('quote', () => {
  test.each(['plain', '', 'two words', "it's", '$(reboot) `x` "y" \\', 'a\nb', '*', "'", "''", '~', '#x', '!!'])(
    '%j comes out of sh as it went in',
    (word) => expect(execFileSync('sh', ['-c', `printf %s ${quote(word)}`]).toString()).toBe(word),
  );
});

test('a report is keys and values in order, spaces and empty values included', () => {
  const report = parseReport(Buffer.from('a 1\nb two  words \na\n\na 3'));
  expect(reportedAll(report, 'a')).toEqual(['1', '', '3']);
  expect(reported(report, 'b')).toBe('two  words ');
  expect(reported(report, 'c')).toBeNull();
});
