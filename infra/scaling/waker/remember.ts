import { GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { type Memory, nothingRemembered } from './decide.ts';

type Client = Pick<SSMClient, 'send'>;

/** The memory that the last run left; an unreadable one counts as none, as that only delays sleep. */
export async function readMemory(ssm: Client, name: string): Promise<Memory> {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
  return parseMemory(Parameter?.Value ?? '');
}

/** Writes only what changed: at rest nothing does, and each write is a version of the parameter. */
export async function writeMemory(ssm: Client, name: string, before: Memory, after: Memory): Promise<void> {
  const value = JSON.stringify(after);
  if (value === JSON.stringify(before)) return;
  await ssm.send(new PutParameterCommand({ Name: name, Value: value, Overwrite: true }));
}

export function parseMemory(text: string): Memory {
  try {
    const { quietSinceMs, raisedAtMs, idleSinceMs } = JSON.parse(text) as Partial<Memory>;
    const idle = Object.entries(idleSinceMs ?? {}).filter(([, since]) => typeof since === 'number');
    return {
      ...(typeof quietSinceMs === 'number' && { quietSinceMs }),
      ...(typeof raisedAtMs === 'number' && { raisedAtMs }),
      idleSinceMs: Object.fromEntries(idle),
    };
  } catch {
    return nothingRemembered;
  }
}
