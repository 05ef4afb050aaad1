import type { BackendArgs } from './backend.ts';

/** What pages of other origins may do with a bucket. */
export interface CorsRule {
  id: string;
  origins: string[];
  methods: string[];
  headers: string[];
  /** Headers that the page's script may read. */
  exposed: string[];
  maxAgeSeconds: number;
}

/**
 * Output: players of the named sites read playlists and ranges of segments. Source: the portal's page sends parts of films, and
 * reads the ETag of each.
 *
 * Any origin may send to the source, as the rule lets no one in: the storage takes a part only by a link that the portal signed,
 * for one key, one part and one length, and whoever has such a link can use it without a browser too. So `farm open` uploads from
 * whatever port it has, and the rule does not depend on the address of a portal that depends on the bucket.
 */
export function corsRule({
  side,
  corsOrigins,
}: Pick<BackendArgs, 'side' | 'corsOrigins'>): CorsRule | undefined {
  const common = { headers: ['*'], maxAgeSeconds: 3600 };
  if (side === 'source')
    return { ...common, id: 'uploads', origins: ['*'], methods: ['PUT'], exposed: ['ETag'] };
  if (corsOrigins.length === 0) return undefined;
  return {
    ...common,
    id: 'players',
    origins: corsOrigins,
    methods: ['GET', 'HEAD'],
    exposed: ['Content-Length', 'Content-Range', 'ETag'],
  };
}
