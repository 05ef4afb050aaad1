import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The host is, or resolves to, an address that is not on the public internet. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

/**
 * Whether an IP address is one of the public internet. False for loopback, private, link-local (cloud metadata),
 * carrier-grade NAT, reserved and multicast ranges, for IPv4 in IPv6 of every kind, and for what is not an address.
 */
export function isPublicAddress(address: string): boolean {
  // The zone of a link-local address is not part of it.
  const bare = address.replace(/%.*$/, '');
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'unicast';
}

/**
 * Refuses host names that are private addresses themselves; Node asks no `lookup` about those.
 * @param hostname as `URL.hostname` has it, IPv6 in brackets
 */
export function assertPublicHost(hostname: string): void {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0 && !isPublicAddress(address)) throw refusal(hostname, address);
}

/**
 * A `lookup` for `net.connect` and its kin that gives public addresses only. As it is asked for each connection and
 * its answer is what is connected to, a name that changes its address after a check gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '');
    const addresses: LookupAddress[] = found;
    const forbidden = addresses.find(({ address }) => !isPublicAddress(address));
    const [first] = addresses;
    if (forbidden) return callback(refusal(hostname, forbidden.address), '');
    if (options.all || first === undefined) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

function refusal(hostname: string, address: string): PrivateAddressError {
  const which = hostname === address ? '' : ` (${address})`;
  return new PrivateAddressError(`"${hostname}"${which} is not an address of the public internet.`);
}
