import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { farmTag } from '../tags.ts';

export const issuer = 'token.actions.githubusercontent.com';

/**
 * An account has one OIDC provider for GitHub. Which stack has it in its state only Pulumi knows, so this warns and decides nothing: a
 * provider that another stack made carries that stack's tag, and to make a second one fails in the middle of "pulumi up".
 */
export async function warnOfOtherProvider(resource: pulumi.Resource): Promise<void> {
  const warning = explainOwner(await ownerOfProvider(resource), pulumi.getStack());
  if (warning !== undefined) await pulumi.log.warn(warning, resource);
}

/** @param owner as `ownerOfProvider` has it */
export function explainOwner(owner: string | undefined, stack: string): string | undefined {
  if (owner === undefined || owner === stack) return undefined;
  return (
    `The account has an OIDC provider for GitHub already, made by ${owner === '' ? 'no farm' : `the stack "${owner}"`}. Unless this ` +
    'stack was renamed, "pulumi up" fails with EntityAlreadyExists: pulumi config set githubProvider false'
  );
}

/** The stack whose tag the provider has; empty for none; undefined without a provider, or without the right to look. */
async function ownerOfProvider(parent: pulumi.Resource): Promise<string | undefined> {
  try {
    const { tags } = await aws.iam.getOpenIdConnectProvider({ url: `https://${issuer}` }, { parent });
    return tags[farmTag] ?? '';
  } catch {
    return undefined;
  }
}
