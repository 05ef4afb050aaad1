import type { S3Client } from '@aws-sdk/client-s3';
import type { Farm } from '../../cli/farm/farm.ts';
import type { UploadFilter } from '../../cli/submit/uploads.ts';
import type { OidcSignIn } from './auth/oidc.ts';
import type { Sessions } from './auth/sessions.ts';
import type { SignInThrottle } from './auth/sign-in-throttle.ts';
import type { Tokens } from './auth/tokens.ts';
import type { FarmMachine } from './farm/machine.ts';
import type { Owners } from './farm/owners.ts';
import type { RecentReads } from './farm/recent-reads.ts';
import type { Remembered } from './farm/remembered.ts';

/** What the routes work with. */
export interface Services {
  farm: Farm;
  /** The two buckets, for what browsers send and read themselves. */
  links: { source: S3Client; output: S3Client };
  tokens: Tokens;
  sessions: Sessions;
  /** Where people sign in with a password. */
  passwordHash: string | undefined;
  /** Where people sign in by an OpenID provider. */
  oidc: OidcSignIn | undefined;
  signInThrottle: SignInThrottle;
  /** Whose films are whose. */
  owners: Owners;
  /** People see the films alone that they sent, unless they are administrators. */
  ownFilmsOnly: boolean;
  /** Called with what went wrong inside. */
  onError(error: unknown): void;
  /** Which uploads become jobs without being sent. */
  uploadFilters(): Promise<UploadFilter[]>;
  features: Features;
  /** What the workers run on; a deployment changes it, seldom. */
  machine: Remembered<FarmMachine | undefined>;
  recent: RecentReads;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Features {
  /** Shown at the top of the page. */
  title: string;
  /** Whether jobs may name http(s) URLs. */
  urls: boolean;
  maxUploadBytes: number;
  /** Where players reach the output; undefined where it is private. */
  publicUrl: string | undefined;
}

/** S3's largest object. */
export const largestObjectBytes = 5 * 2 ** 40;
