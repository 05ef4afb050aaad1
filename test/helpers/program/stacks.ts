import { madeUpSecrets, type StackConfig, stackOf } from '../../../tools/program-run/stacks.ts';

/** Pieces of the made-up secrets that must never show in plain text. */
export const secretMarks = [
  'sesame-database',
  'c2VzYW1l',
  'SESAMEACCESSKEY',
  'sesame-wasabi',
  'sesame-signing',
  'sesame-client',
  'cloudflare-token',
];

/** What R2 and Wasabi need, and every secret. */
export const allCredentials: Readonly<Record<string, string>> = {
  cloudflareAccountId: '0123456789abcdef0123456789abcdef',
  wasabiRegion: 'eu-central-2',
  ...madeUpSecrets,
  webhookUrl: 'https://www.example.com/hooks/films',
  portal: 'function',
};

/** A stack on which nobody has set anything but what is given. */
export function bareStack(changes: Record<string, string | undefined> = {}): StackConfig {
  return stackOf({}, changes, 'test');
}
