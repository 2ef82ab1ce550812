import { z } from 'zod';
import { rawOptionProblem } from '../domain/dhcp-options.ts';
import { ipv4 } from './addresses.ts';
import { documentedObject } from './documented.ts';

const code = z.int().min(1).max(254).describe('Number of the option: 42 for time servers.');
const hex = documentedObject({
  code,
  hex: z
    .string()
    .regex(/^([0-9A-Fa-f]{2})+$/, { error: 'must be pairs of hexadecimal digits', abort: true })
    .describe('Its value as bytes: 0a4d0001.'),
});
const text = documentedObject({ code, text: z.string().min(1).describe('Its value as Latin-1 text.') });
const addresses = documentedObject({
  code,
  addresses: z.array(ipv4).min(1).max(32).describe('Its value as IPv4 addresses.'),
});

/** DHCP options by number, of an interface, a subnet or a machine. */
export const dhcpOptionsSchema = z
  .array(
    z.union([hex, text, addresses]).superRefine((option, context) => {
      const problem = rawOptionProblem(option);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [], message: problem });
    }),
  )
  .max(64)
  .describe(
    'DHCP options by number, always sent: with hex, text or addresses. They replace what would be sent by itself. Default none.',
  );
