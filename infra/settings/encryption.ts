import type * as pulumi from '@pulumi/pulumi';
import { encryptionSecretSchema } from '../../worker/src/plan/encryption.ts';
import type { SettingsReader } from './reader.ts';

const examples = {
  keyUrl: 'https://keys.example.com/{jobId}/{plan}',
  secret: '"$(openssl rand -base64 32)"',
};

/** @returns the secret that the keys of films come of; undefined where no film can be encrypted */
export function readEncryption(config: SettingsReader): pulumi.Output<string> | undefined {
  const secret = config.secret('encryptionSecret');
  const isWanted = config.text('encryption') === 'aes-128';
  if (!config.isSet('encryptionKeyUrl') && (isWanted || secret !== undefined)) {
    const why = isWanted ? 'encryption is "aes-128"' : 'encryptionSecret is set';
    config.reject(
      'encryptionKeyUrl',
      `is not set, and ${why}: players must find the key of a film.`,
      examples.keyUrl,
    );
  }
  if (secret === undefined && (isWanted || config.isSet('encryptionKeyUrl'))) {
    const why = isWanted ? 'encryption is "aes-128"' : 'encryptionKeyUrl is set';
    config.reject(
      'encryptionSecret',
      `is not set, and ${why}: the keys of films come of it.`,
      examples.secret,
      'secret',
    );
  }
  const files = config.list('outputs').filter((output) => output !== 'hls');
  if (isWanted && files.length > 0) {
    config.reject(
      'outputs',
      `names ${files.join(', ')}, which would lie in clear beside films with encryption "aes-128". Jobs that want files ask for them with the option encryption "none".`,
      'hls',
      'entry',
    );
  }
  // Of an owner's own program it is known later: then workers refuse a wrong one when they start.
  const problem = encryptionSecretSchema.safeParse(config.text('encryptionSecret')).error?.issues[0]?.message;
  if (secret !== undefined && config.isKnown('encryptionSecret') && problem !== undefined)
    config.reject('encryptionSecret', `cannot be used: ${problem}.`, examples.secret, 'secret');
  return secret;
}
