import { expect, it } from 'vitest';
import { openStore } from '../../../worker/src/storage/s3-store.ts';
import { startFaultProxy } from '../../helpers/local-farm/fault-proxy.ts';
import { startStorage } from '../../helpers/worker/storage.ts';

it.each([true, false])('says with each request whether this account pays: %s', async (requesterPays) => {
  await using storage = await startStorage();
  await using proxy = await startFaultProxy(storage.endpoint);
  const store = openStore({ ...storage.bucket('films', proxy.url), requesterPays });
  const payers: unknown[] = [];
  const match = ({ headers }: { headers: Record<string, unknown> }) => {
    payers.push(headers['x-amz-request-payer']);
    return false;
  };
  proxy.inject({ kind: 'hang' }, { match });
  await store.head('a');
  await store.get('a');
  await store.listAll('');
  expect(payers).toEqual(Array(3).fill(requesterPays ? 'requester' : undefined));
  store.close();
});
