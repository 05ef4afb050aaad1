/** Replaces each secret, also where JSON has escaped it, and what signs a presigned URL. */
export function secretsHider(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let hidden = text.replace(
      /((?:X-Amz-(?:Signature|Credential|Security-Token))=)[^&"\s\\]+/gi,
      '$1[hidden]',
    );
    for (const form of forms) hidden = hidden.replaceAll(form, '[hidden]');
    return hidden;
  };
}
