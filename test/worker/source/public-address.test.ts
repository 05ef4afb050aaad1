import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  assertPublicHost,
  isPublicAddress,
  PrivateAddressError,
  publicLookup,
} from '../../../worker/src/source/public-address.ts';

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '52.95.110.1', '172.15.0.1', '172.32.0.1', '2606:4700:4700::1111'])(
    'takes %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    // Cloud metadata, of EC2 and of ECS tasks.
    '169.254.169.254',
    '169.254.170.2',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '2001:db8::1',
    // IPv4 in IPv6: mapped, compatible, NAT64, 6to4, Teredo.
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    'localhost',
    '',
  ])('refuses %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('assertPublicHost', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:10.0.0.1]'])('refuses the literal address %s', (host) => {
    expect(() => assertPublicHost(host)).toThrow(PrivateAddressError);
  });

  it.each(['http://0x7f.1/', 'http://2130706433/', 'http://0177.0.0.1/', 'http://127.1/'])(
    'refuses %s, which a URL parser makes a plain address of',
    (address) => {
      expect(() => assertPublicHost(new URL(address).hostname)).toThrow(PrivateAddressError);
    },
  );

  it('leaves names to the lookup', () => {
    expect(() => assertPublicHost('localhost')).not.toThrow();
  });
});

describe('publicLookup', () => {
  it.each([{}, { all: true }])('refuses a name that leads to loopback, asked with %j', async (options) => {
    const found = promisify(publicLookup)('localhost', options);
    await expect(found).rejects.toThrow(PrivateAddressError);
    await expect(found).rejects.toThrow(
      /^"localhost" \((127\.0\.0\.1|::1)\) is not an address of the public internet\.$/,
    );
  });

  it('reports a name that does not exist', async () => {
    await expect(promisify(publicLookup)('nowhere.invalid', {})).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });
});
