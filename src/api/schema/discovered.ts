import { z } from 'zod';
import { pageQuery, timestamp } from './common.ts';

const MAC = /^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/;

const mac = z
  .string()
  .regex(MAC, { error: 'is not a MAC address like 52:54:00:12:34:56' })
  .transform((text) => text.toLowerCase().replaceAll('-', ':'));

export const macParams = z.strictObject({
  mac: mac.describe('MAC address of one network card, with colons or dashes.'),
});

export const discoveredQuery = pageQuery.extend({
  ignored: z
    .enum(['hide', 'show', 'only'])
    .default('hide')
    .describe('Whether machines that somebody ignores are listed too. Default hide.'),
});

/** One network card that asked to boot and that no declared machine has. */
export const discoveredMachineSchema = z
  .strictObject({
    mac: z.string().describe('Lower case with colons. What the machine is approved, forgotten or ignored by.'),
    uuid: z
      .string()
      .nullable()
      .describe(
        "SMBIOS UUID as RFC 4578 has it, which is what dmidecode prints; null: none sent, or a board maker's fake.",
      ),
    uuidSwapped: z
      .string()
      .nullable()
      .describe('The same bytes in the other order: some firmware sends them so. null: it reads the same.'),
    sameMachine: z
      .array(z.string())
      .describe('MAC addresses of other discovered network cards with the same UUID, in either byte order.'),
    architectures: z
      .array(z.strictObject({ value: z.int().describe('Of DHCP option 93.'), name: z.string() }))
      .describe("What its firmware can run, the best first: [{value: 7, name: 'x64 UEFI'}]. Empty: it did not say."),
    client: z
      .enum(['pxe', 'http', 'other'])
      .describe(
        'pxe: boot ROM or iPXE. http: UEFI HTTP boot. other: an ordinary DHCP client, listed only when configured.',
      ),
    loader: z
      .enum(['firmware', 'ipxe'])
      .describe('Who asked last: its firmware, or an iPXE that it has or got elsewhere.'),
    board: z.enum(['raspberry-pi']).nullable().describe('A board whose boot ROM says that it is something else.'),
    vendorClass: z.string().nullable().describe('DHCP option 60: PXEClient:Arch:00007:UNDI:003016.'),
    userClasses: z.array(z.string()).describe('DHCP option 77.'),
    hostname: z.string().nullable().describe('DHCP option 12: what it calls itself.'),
    interface: z.string().describe('Our network interface that heard it last.'),
    relay: z
      .strictObject({
        address: z.string().describe('The relay, 0.0.0.0 where a switch only adds option 82.'),
        circuitId: z.string().nullable().describe('Usually its switch port; hexadecimal where it is no text.'),
        remoteId: z.string().nullable().describe('Usually the switch.'),
      })
      .nullable()
      .describe('How its requests came through a relay; null: from the own segment.'),
    askedAddress: z.string().nullable().describe('The IPv4 address it uses or asked for.'),
    firstSeenAt: timestamp,
    lastSeenAt: timestamp.describe('To ten seconds.'),
    requests: z.int().describe('Requests heard.'),
    boots: z.int().describe('How often it was started: requests after a minute of silence.'),
    ignoredAt: timestamp.nullable().describe('Since when it is ignored; null: it is not.'),
  })
  .describe('A network card that asked to boot and that no declared machine has. Texts are what the machine says.');

export const approvalSchema = z
  .looseObject({
    name: z.string().describe("The machine's name."),
    macs: z
      .exactOptional(z.array(mac).min(1).max(16))
      .describe(
        'Its MAC addresses, the approved one among them; the first is the one its address is reserved for. Default: the approved one, then the others of the same UUID that are not ignored.',
      ),
  })
  .describe('A machine as POST /machines takes it (MachineSpec), in which macs may be left out.');

/** What the feed of discovered machines sends. */
export const discoveredSummarySchema = z.strictObject({
  shown: z.int().describe('Network cards on the list.'),
  ignored: z.int(),
  lastSeenAt: timestamp.nullable().describe('When any of them was seen last.'),
});

export type DiscoveredMachineBody = z.infer<typeof discoveredMachineSchema>;
export type DiscoveredSummaryBody = z.infer<typeof discoveredSummarySchema>;
