import * as pulumi from '@pulumi/pulumi';

interface Inputs {
  zoneId: string;
  host: string;
}

interface State extends Inputs {
  /** Where the rule is. Undefined: Cloudflare did not take it, and the next `pulumi up` tries again. */
  made?: { rulesetId: string; ruleId: string };
}

/**
 * A custom rule of a Cloudflare zone that keeps viewers of one host from JSON: states, plans and records name sources and errors, and
 * a bucket of R2 with a domain is public as a whole.
 *
 * Not by `cloudflare.Ruleset`: a zone has one list of custom rules, and that resource owns the whole list, with the rules of the zone's
 * other sites. This one adds a rule to the list and touches no other (https://developers.cloudflare.com/waf/custom-rules/create-api/).
 */
export class JsonRule extends pulumi.dynamic.Resource {
  /** Changing zone or host REPLACES the rule. */
  constructor(name: string, args: pulumi.Inputs & Inputs, opts?: pulumi.CustomResourceOptions) {
    super(jsonRuleProvider, name, args, opts, 'cloudflare', 'JsonRule');
  }
}

const phase = 'http_request_firewall_custom';

/** Of the provider's process. The token is nowhere in the state. */
const connection: { token?: string | undefined } = {};

/**
 * Pulumi saves the text of these functions with the stack and runs it in a separate process, where nothing is imported: they use each
 * other and what is global.
 */
export const jsonRuleProvider = {
  async configure({ config }: pulumi.dynamic.ConfigureRequest): Promise<void> {
    connection.token = config.get('cloudflare:apiToken') ?? process.env.CLOUDFLARE_API_TOKEN;
  },

  async create(inputs: Inputs): Promise<{ id: string; outs: State }> {
    return { id: `${inputs.zoneId}/${inputs.host}`, outs: { ...inputs, ...(await addOrWarn(inputs)) } };
  },

  async diff(_id: string, olds: State, news: Inputs): Promise<pulumi.dynamic.DiffResult> {
    const replaces = (['zoneId', 'host'] as const).filter((key) => olds[key] !== news[key]);
    return { changes: replaces.length > 0 || olds.made === undefined, replaces };
  },

  async update(_id: string, _olds: State, news: Inputs): Promise<{ outs: State }> {
    return { outs: { ...news, ...(await addOrWarn(news)) } };
  },

  async delete(_id: string, { zoneId, host, made }: State): Promise<void> {
    if (made === undefined) return;
    try {
      await call('DELETE', `zones/${zoneId}/rulesets/${made.rulesetId}/rules/${made.ruleId}`);
    } catch (error) {
      // A host that leads nowhere needs no rule, and no reason to keep the stack.
      console.error(
        `warning: Cloudflare did not remove the custom rule "${describe(host)}" (${(error as Error).message}); remove it in the dashboard.`,
      );
    }
  },
} satisfies pulumi.dynamic.ResourceProvider<Inputs, State>;

/** No reason to have no bucket: a token may lack the right, and a zone may have as many rules as its plan allows. */
async function addOrWarn(inputs: Inputs): Promise<Pick<State, 'made'>> {
  try {
    return { made: await addRule(inputs) };
  } catch (error) {
    const { message } = error as Error;
    console.error(
      `warning: Viewers of ${inputs.host} can read JSON, as Cloudflare did not take the custom rule that blocks it (${message}). ` +
        'Give cloudflare:apiToken the permission "Zone WAF: Edit", or remove a custom rule of the zone, then run "pulumi up" again.',
    );
    return {};
  }
}

async function addRule({ zoneId, host }: Inputs): Promise<NonNullable<State['made']>> {
  const rule = {
    action: 'block',
    description: describe(host),
    // Decoded, or "%6Ason" would be another name for the same object.
    expression: `http.host eq "${host}" and ends_with(url_decode(http.request.uri.path), ".json")`,
    enabled: true,
  };
  const rulesets = (await call('GET', `zones/${zoneId}/rulesets`)) as Ruleset[];
  const list = rulesets.find((one) => one.kind === 'zone' && one.phase === phase);
  const path = `zones/${zoneId}/rulesets`;
  const changed =
    list === undefined
      ? await call('POST', path, { name: 'default', kind: 'zone', phase, rules: [rule] })
      : await call('POST', `${path}/${list.id}/rules`, rule);
  const { id: rulesetId, rules = [] } = changed as Ruleset;
  // It is added behind the others, which may have the same text.
  const made = rules.findLast(({ description }) => description === rule.description);
  if (made === undefined) throw new Error('the answer does not have the rule');
  return { rulesetId, ruleId: made.id };
}

interface Ruleset {
  id: string;
  kind: string;
  phase: string;
  rules?: { id: string; description?: string }[];
}

function describe(host: string): string {
  return `transcode-farm: no JSON for viewers of ${host}`;
}

/** @throws Error with what Cloudflare says */
async function call(method: string, path: string, body?: unknown): Promise<unknown> {
  // As the Cloudflare provider, see its option `baseUrl`.
  const base = process.env.CLOUDFLARE_BASE_URL ?? 'https://api.cloudflare.com/client/v4';
  if (connection.token === undefined) throw new Error('cloudflare:apiToken is not set');
  const response = await fetch(`${base}/${path}`, {
    method,
    headers: { authorization: `Bearer ${connection.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.status === 204) return undefined;
  const answer = (await response.json()) as {
    success: boolean;
    result: unknown;
    errors?: { code: number; message: string }[];
  };
  if (answer.success) return answer.result;
  const [error] = answer.errors ?? [];
  throw new Error(error ? `${error.code}: ${error.message}` : `HTTP ${response.status}`);
}
