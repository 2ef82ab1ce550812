import { inIpv6Prefix } from '../../protocols/dhcpv6/ipv6.ts';
import type { Link } from './links.ts';
import type { IaAnswer } from './reply.ts';

/** An identity association as a client sends it, with the addresses that it has or hopes for. */
export type Asked = { readonly iaid: number; readonly addresses: readonly string[] };

export type AssociationTerms = {
  /** The machine's address; undefined when there is none to give. */
  readonly address: string | undefined;
  readonly seconds: number;
  readonly link: Pick<Link, 'prefix'>;
};

/**
 * What becomes of a client's identity associations: the first gets the machine's address, for it has one only. What else a renewing client
 * has is to be given up at once.
 * @param as `new`: of a Solicit or Request, where an address of another network is refused (RFC 8415 §18.3.2); `renewed`: of a Renew or
 *   Rebind (§18.3.4, §18.3.5)
 */
export function associate(
  asked: readonly Asked[],
  { address, seconds, link }: AssociationTerms,
  as: 'new' | 'renewed',
): readonly IaAnswer[] {
  return asked.map(({ iaid, addresses }, index): IaAnswer => {
    const elsewhere = addresses.filter((each) => !inIpv6Prefix(each, link.prefix));
    if (as === 'new' && elsewhere.length > 0) {
      const message = 'an address that was asked for is not on this link';
      return { iaid, addresses: [], status: { name: 'notOnLink', message } };
    }
    const own = index === 0 && address !== undefined ? [{ address, seconds }] : [];
    const over = as === 'renewed' ? addresses.filter((each) => own[0]?.address !== each) : [];
    const given = [...own, ...over.map((each) => ({ address: each, seconds: 0 }))];
    if (given.length > 0) return { iaid, addresses: given };
    return { iaid, addresses: [], status: { name: 'noAddrsAvail', message: 'there is no address to give' } };
  });
}

/** Tells a client which of its associations are none of ours. @see RFC 8415 §18.3.7 and §18.3.8 */
export function knownAmong(asked: readonly Asked[], address: string | undefined): readonly IaAnswer[] {
  return asked
    .filter(({ addresses }) => address === undefined || !addresses.includes(address))
    .map(({ iaid }) => ({
      iaid,
      addresses: [],
      status: { name: 'noBinding', message: 'no such address was given' },
    }));
}
