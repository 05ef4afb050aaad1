import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import postgres, { type Sql } from 'postgres';

/**
 * Query parameters that belong to a client and not to the server. Vendors put them into the URLs that they hand out (Neon
 * `channel_binding`, Prisma `pgbouncer`), and postgres.js would send each as a startup parameter, which the server refuses
 * (42704) and pgbouncer too.
 */
const clientParameters = [
  'channel_binding',
  'connect_timeout',
  'connection_limit',
  'gssencmode',
  'pgbouncer',
  'pool_timeout',
  'prepare',
  'schema',
  'ssl',
  'sslaccept',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
  'statement_cache_size',
  'target_session_attrs',
  'uselibpqcompat',
] as const;

export interface PostgresConnection {
  /** Without parameters of clients. */
  url: string;
  /** Verified TLS unless the URL says `sslmode=disable`; `require` verifies as well. */
  ssl: false | { ca?: string };
}

/**
 * How to connect to a database.
 * @param url `postgres://user:password@host:port/database`, as vendors hand it out
 * @param ca PEM certificates to trust instead of the public ones, for a server with a private certificate authority
 */
export function postgresConnection(url: string, ca?: string): PostgresConnection {
  const parsed = new URL(url);
  const isPlain = parsed.searchParams.get('sslmode') === 'disable';
  for (const name of clientParameters) parsed.searchParams.delete(name);
  return { url: parsed.href, ssl: isPlain ? false : ca === undefined ? {} : { ca } };
}

/** One connection, opened by the first query. */
export function openPostgres(url: string, ca?: string): Sql {
  const connection = postgresConnection(url, ca);
  const { hostname } = new URL(connection.url);
  return postgres(connection.url, {
    ssl: connection.ssl && {
      ...connection.ssl,
      // postgres.js leaves the name out for IP addresses, and Node then checks the certificate for "localhost".
      checkServerIdentity: (_name: string, certificate: PeerCertificate) =>
        checkServerIdentity(hostname, certificate),
    },
    // Poolers that share a server connection between transactions lose prepared statements (26000).
    prepare: false,
    max: 1,
    connect_timeout: 5,
    idle_timeout: 60,
    onnotice: () => {},
  });
}

const tlsRefusals: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by a private authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** What went wrong with a database, and what to do, in words for the farm's owner. Holds no password. */
export function explainPostgresError(error: unknown): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const tls = tlsRefusals[code];
  if (tls !== undefined) {
    return `The database's TLS is not accepted: ${tls}. Set databaseCa to its authority's certificate in PEM, or use the host name of the certificate.`;
  }
  if (code.startsWith('ERR_SSL') || message.includes('before secure TLS connection')) {
    return 'The database does not offer TLS, or closed the connection while it was set up. Turn it on there, or add ?sslmode=disable to databaseUrl if the network between is private.';
  }
  if (code.startsWith('28'))
    return `The database refuses the login (${message}). Check user and password in databaseUrl.`;
  if (code === '3D000')
    return `The database does not exist (${message}). Create it, or check the name in databaseUrl.`;
  if (code === '42501') {
    return `The database user may not do this (${message}). Run as an administrator: create schema transcode_farm authorization USER;`;
  }
  if (code === 'ENOTFOUND') {
    return `The database's host name has no address that can be reached (${message}). Some hosts have IPv6 addresses only (Supabase's direct ones): use the address of the pooler.`;
  }
  if (code === 'ENETUNREACH' || code === 'EHOSTUNREACH') {
    return `The database can't be reached from this network (${message}). If its address is IPv6 only (Supabase's direct ones are), use the pooler's.`;
  }
  return `The database does not answer: ${message || code}.`;
}
