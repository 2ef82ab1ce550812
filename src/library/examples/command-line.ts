import { parseArgs } from 'node:util';
import type { IpmiAccount } from 'bootwright/ipmi';

/**
 * The BMC from --host, --port, --user and --password, or from BMC_HOST, BMC_PORT, BMC_USER and BMC_PASSWORD, which other
 * users of the computer cannot see in the list of processes. Words without a dash are the program's own.
 */
export function commandLine(): { readonly account: IpmiAccount; readonly words: readonly string[] } {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: { host: text, port: text, user: text, password: text },
    allowPositionals: true,
  });
  const { env } = process;
  return {
    account: {
      host: values.host ?? env.BMC_HOST ?? '',
      port: Number(values.port ?? env.BMC_PORT ?? 623),
      user: values.user ?? env.BMC_USER ?? '',
      password: values.password ?? env.BMC_PASSWORD ?? '',
    },
    words: positionals,
  };
}
