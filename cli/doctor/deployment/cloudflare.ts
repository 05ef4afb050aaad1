import type { FarmSettings } from '../../../infra/settings/settings.ts';
import { type Finding, failed, notAsked, ok } from '../finding.ts';

const api = 'https://api.cloudflare.com/client/v4';

/** A right that "pulumi up" needs, and a call that only a token with it may make. */
interface Right {
  /** As the dashboard names it. */
  permission: string;
  path: string;
}

function rightsOf({ r2: { accountId, zoneId }, delivery, output }: FarmSettings['storage']): Right[] {
  const needsZone = output.backend === 'r2' && delivery.domain !== '' && zoneId !== '';
  return [
    { permission: 'Account, Workers R2 Storage, Edit', path: `accounts/${accountId}/r2/buckets?per_page=1` },
    {
      permission: 'Account, Account API Tokens, Edit',
      path: `accounts/${accountId}/tokens/permission_groups`,
    },
    ...(needsZone
      ? [
          { permission: 'Zone, DNS, Edit', path: `zones/${zoneId}/dns_records?per_page=1` },
          { permission: 'Zone, Zone WAF, Edit', path: `zones/${zoneId}/rulesets` },
        ]
      : []),
  ];
}

/**
 * Reads with the token what "pulumi up" is going to write. That it may write too shows only then: Cloudflare has no dry
 * runs.
 */
export async function checkCloudflare(
  storage: FarmSettings['storage'],
  token: string | undefined,
  ask: typeof fetch,
): Promise<Finding[]> {
  if (storage.source.backend !== 'r2' && storage.output.backend !== 'r2') return [];
  const name = 'Cloudflare';
  const fix =
    'Make a token with the permissions in docs/storage.md (Cloudflare dashboard, Manage Account, Account API Tokens), then: export CLOUDFLARE_API_TOKEN=…';
  if (!token)
    return [failed(name, 'CLOUDFLARE_API_TOKEN is not set, nor cloudflare:apiToken of the stack', fix)];
  const answers = await Promise.all(
    rightsOf(storage).map(async (right) => ({ ...right, answer: await get(right.path, token, ask) })),
  );
  const unreachable = answers.find(({ answer }) => typeof answer === 'string');
  if (unreachable) return [notAsked(name, `api.cloudflare.com does not answer: ${unreachable.answer}`)];
  const refused = answers.filter(({ answer }) => typeof answer === 'object' && !answer.success);
  if (refused.length === 0) {
    return [
      ok(name, `the token reads ${answers.map(({ permission }) => permission.split(', ')[1]).join(', ')}`),
    ];
  }
  return refused.map(({ permission, answer }) => {
    const [error] = typeof answer === 'object' ? answer.errors : [];
    // https://developers.cloudflare.com/r2/api/error-codes/
    if (error?.code === 10042) {
      return failed(
        name,
        'R2 is not enabled in the account',
        'Enable R2 in the Cloudflare dashboard (Storage & databases, R2).',
      );
    }
    const said = error ? ` (${error.code}: ${error.message})` : '';
    return failed(name, `the token lacks "${permission}"${said}`, fix);
  });
}

interface Answer {
  success: boolean;
  errors: { code: number; message: string }[];
}

/** @returns a sentence where there is no answer */
async function get(path: string, token: string, ask: typeof fetch): Promise<Answer | string> {
  try {
    const response = await ask(`${api}/${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    const { success, errors } = (await response.json()) as Partial<Answer>;
    return { success: success ?? false, errors: errors ?? [] };
  } catch (error) {
    return (error as Error).message;
  }
}
