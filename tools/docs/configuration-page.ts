import { parse } from 'yaml';

interface Setting {
  type: string;
  default: unknown;
  description: string;
}

/** The page, from the text of Pulumi.yaml. Its comments between keys are the headings. */
export function configurationPage(project: string): string {
  const { config } = parse(project) as { config: Record<string, Setting> };
  const sections = project
    .slice(project.indexOf('\nconfig:'))
    .split(/^ {2}# /m)
    .slice(1);
  const tables = sections.map((section) => {
    const [heading = ''] = section.split('\n', 1);
    const keys = [...section.matchAll(/^ {2}(\w+):$/gm)].map(([, key = '']) => key);
    const rows = keys.map((key) => row(key, config[key]));
    return `## ${heading}\n\n| Key | Type | Default | What it is |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${introduction}\n${tables.join('\n')}\n${notes}`;
}

function row(key: string, setting: Setting | undefined): string {
  if (!setting) throw new Error(`Pulumi.yaml declares "${key}" in a way that this script does not read`);
  const { type, description } = setting;
  return `| \`${key}\` | ${type} | ${defaultOf(setting.default)} | ${description.replaceAll('|', '\\|')} |`;
}

function defaultOf(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return 'not set';
  return Array.isArray(value) ? value.map((item) => `\`${item}\``).join(' ') : `\`${value}\``;
}

const introduction = `# Configuration

<!-- Made from Pulumi.yaml by \`npm run docs\`. Change it there. -->

Every setting of a stack. Set one with \`pulumi config set KEY VALUE\`, an entry of a list with
\`pulumi config set --path 'KEY[0]' VALUE\`, a secret with \`pulumi config set --secret KEY\`, and go back to the default with
\`pulumi config rm KEY\`. The stack needs \`aws:region\`; all the rest has defaults that make a small working farm. Errors
are reported at once, each with the command that fixes it, before anything is changed.

Ready stacks are in \`stacks/\`; use one by \`cp stacks/inbox.yaml Pulumi.inbox.yaml\` and \`pulumi stack init inbox\`.
`;

const notes = `## How to

**Deploy.** With the Pulumi CLI, AWS credentials and Docker (or a \`workerImage\`): \`npm install\`, \`pulumi stack init dev\`,
\`pulumi up\`. The program is read by Node 24 (22.18 at least); where \`node\` is older, the program hands over to the one
that \`npm install\` brought. \`pulumi stack output\` lists what there is then, and \`farm submit\` sends the
first film. For \`compute: gpu\` the account needs vCPU quotas for G instances, On-Demand and Spot: new accounts have none.

**Switch storage.** \`pulumi config set storage r2\` (with \`cloudflareAccountId\` and \`cloudflare:apiToken\`), then
\`pulumi up\`. With \`keepBuckets\` the old buckets and their films stay, out of the stack; \`outputBucket\` and \`sourceBucket\`
name them again when you come back. Films are not copied. The Cloudflare token needs "Workers R2 Storage: Edit" and
"Account API Tokens: Edit": the farm makes a token that opens its bucket alone, and gives the workers only that.

**Use an existing bucket.** \`sourceBucket\` and \`outputBucket\` take its name; the farm makes and changes nothing in it, but
for two things: an S3 source's notifications are replaced by the farm's (\`sourceEvents: false\` leaves them alone), and a
domain for R2 is tied to it. It must be in the stack's region to send events. If it is encrypted by a KMS key of your own,
let the task role use the key.

**Use an existing network.** \`vpcId\` and \`subnetIds\`: subnets with a way to the internet. In private subnets with a NAT
gateway set \`assignPublicIp: false\`.

**Use an existing image.** \`workerImage\` takes one by digest; then no Docker is needed. Build it with
\`docker build -f worker/Dockerfile .\` in the repository's root.

**Let viewers in.** \`delivery: cdn\` and a \`deliveryDomain\`. For S3 set a CNAME from it to the output \`deliveryTarget\`. For
R2 the domain's zone must be in the account; add a Cache Rule for the host name there ("Eligible for cache"), as Cloudflare
does not cache playlists and segments by default.

**Remove everything.** \`pulumi destroy\`, also while jobs run. Buckets stay, with their settings, unless \`keepBuckets\` is
\`false\` (\`pulumi config set keepBuckets false\` and \`pulumi up\` first); existing buckets are never touched.
`;
