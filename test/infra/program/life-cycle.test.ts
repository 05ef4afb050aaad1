import { beforeAll, describe, expect, it } from 'vitest';
import { type Change, compareRuns } from '../../../tools/life-cycle/compare.ts';
import { settingChanges, stacksOf } from '../../../tools/life-cycle/matrix.ts';
import { loadStack, readProject, stackFiles } from '../../../tools/program-run/stacks.ts';
import { changesOf, described, lost, meant, unset } from '../../helpers/program/changes.ts';
import { recordFarm } from '../../helpers/program/farm.ts';
import { allCredentials, bareStack } from '../../helpers/program/stacks.ts';

const signedFarm = {
  webhookUrl: 'https://www.example.com/hooks/films',
  webhookSecret: 'whsec_c2VzYW1lLXdlYmhvb2stc2VzYW1lLXdlYmhvb2s=',
};

it('a change of every key of Pulumi.yaml is tried', () => {
  expect(Object.keys(settingChanges)).toEqual(Object.keys(readProject().config));
});

it.each(['maxTasks', 'workersPerFilm'])(
  '%s changes how many workers make a film, and replaces none',
  async (key) => {
    const { there, back } = await changesOf(key);
    for (const changes of [there, back]) {
      expect(changes).toContainEqual(
        expect.objectContaining({ name: 'farm-workers-per-film', kind: 'changed', properties: ['value'] }),
      );
      expect(changes.filter(({ type }) => type === 'aws:ecs/taskDefinition:TaskDefinition')).toEqual([]);
    }
  },
);

it('an existing image takes no image away that workers may have to go back to, nor the right to pull it', async () => {
  const { before, after } = stacksOf('workerImage', bareStack);
  const [old, now] = [await recordFarm(before), await recordFarm(after)];
  const repository = old.resource('awsx:ecr:Repository', 'farm-worker').outputs.repository as { arn: string };
  expect(now.resource('awsx:ecr:Repository', 'farm-worker').urn).toBe(
    old.resource('awsx:ecr:Repository', 'farm-worker').urn,
  );
  const { policy } = now.resource('aws:iam/rolePolicy:RolePolicy', 'farm-worker-execution').inputs;
  expect(policy).toContain(repository.arn);
});

it("GitHub's OIDC provider stays, whichever stack made it", async () => {
  const type = 'aws:iam/openIdConnectProvider:OpenIdConnectProvider';
  const without = await recordFarm(bareStack());
  const making = await recordFarm(bareStack({ githubRepository: 'you/films' }));
  const using = await recordFarm(bareStack({ githubRepository: 'you/films', githubProvider: 'false' }));
  for (const later of [using, without]) {
    expect(compareRuns(making, later).filter((change) => change.type === type)).toMatchObject([
      { kind: 'kept' },
    ]);
  }
});

it('another jurisdiction of R2 makes other buckets, and the domain moves before it is given to the new one', async () => {
  const { before, after } = stacksOf('cloudflareZoneId', bareStack);
  const inEurope = { ...before, config: { ...before.config, r2Jurisdiction: 'eu' } };
  const old = await recordFarm(before);
  const now = await recordFarm(inEurope);
  const changes = compareRuns(old, now);
  const kinds = (type: string) => changes.filter((change) => change.type === type).map(({ kind }) => kind);
  // The provider would look for the old bucket in the new jurisdiction.
  expect(kinds('cloudflare:index/r2Bucket:R2Bucket')).toEqual(['replaced', 'replaced']);
  expect(
    now.resourcesOf('cloudflare:index/r2Bucket:R2Bucket').map(({ retainOnDelete }) => retainOnDelete),
  ).toEqual([true, true]);
  expect(kinds('cloudflare:index/r2CustomDomain:R2CustomDomain')).toEqual(['replaced']);
  expect(now.resource('cloudflare:index/r2CustomDomain:R2CustomDomain').deleteBeforeReplace).toBe(true);
  expect(after.config.cloudflareZoneId).not.toBe(before.config.cloudflareZoneId);
});

describe('a switch of the compute', () => {
  it.each([
    ['fargate', 'gpu'],
    ['gpu', 'fargate'],
  ])(
    'from %s to %s makes cluster, service and scaling again beside the old, which go afterwards',
    async (from, to) => {
      const old = await recordFarm(bareStack({ compute: from }));
      const now = await recordFarm(bareStack({ compute: to }));
      const changes = compareRuns(old, now);
      for (const type of [
        'aws:ecs/cluster:Cluster',
        'aws:ecs/service:Service',
        'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders',
        'aws:appautoscaling/target:Target',
      ]) {
        const kinds = changes
          .filter((change) => change.type === type)
          .map(({ kind, name }) => `${kind} ${name}`);
        expect(kinds.length, type).toBe(2);
        expect(kinds[0], type).toMatch(new RegExp(`^made .*${to}$`));
        expect(kinds[1], type).toMatch(new RegExp(`^removed .*${from}$`));
      }
    },
  );
});

it.each(['fargate', 'gpu'])(
  "a switch from %s to functions and back keeps queues, buckets, secrets and the workers' log",
  async (compute) => {
    const service = await recordFarm(bareStack({ compute, ...signedFarm }));
    const calls = await recordFarm(bareStack({ compute: 'function', ...signedFarm }));
    const [there, back] = [compareRuns(service, calls), compareRuns(calls, service)];
    expect(
      lost(there)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['farm-waker', 'farm-waker', 'farm-waker-missed', 'farm-workers-per-film']);
    expect(lost(back).map(described)).toEqual([]);
    // Jobs are taken by functions before the tasks that held others are gone.
    expect(there.filter(({ type }) => /EventSourceMapping$/.test(type)).map(({ kind }) => kind)).toEqual([
      'made',
      'made',
    ]);
  },
);

it('a portal that moves between a function and containers keeps its log and its secrets', async () => {
  const password = {
    portalPasswordHash: 'scrypt$32768$8$3$c2VzYW1lLXBvcnRhbC0tLQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    portalAllowHttp: 'true',
  };
  const calls = await recordFarm(
    bareStack({ portal: 'function', portalPasswordHash: password.portalPasswordHash }),
  );
  const service = await recordFarm(bareStack({ portal: 'service', ...password }));
  expect(lost(compareRuns(calls, service)).map(described)).toEqual([]);
  expect(lost(compareRuns(service, calls)).map(described)).toEqual([]);
});

describe('from one ready stack file to another', () => {
  const pairs = stackFiles.flatMap((from) =>
    stackFiles.filter((to) => to !== from).map((to) => ({ from, to })),
  );

  /** Each with its buckets kept: the dev stack deletes its with itself, and what is looked at here are the other settings. */
  const farms = new Map<string, Awaited<ReturnType<typeof recordFarm>>>();
  beforeAll(async () => {
    for (const file of stackFiles)
      farms.set(file, await recordFarm({ ...loadStack(file, { keepBuckets: 'true' }), stack: 'test' }));
  });
  const farmOf = (file: string) => {
    const farm = farms.get(file);
    if (farm === undefined) throw new TypeError(`${file} was not recorded.`);
    return farm;
  };

  it.each(pairs)('$from to $to: loses no film, job or log', ({ from, to }) => {
    expect(farmOf(from).resources.length).toBeGreaterThan(50);
    const changes = compareRuns(farmOf(from), farmOf(to));
    const isMeant = ({ type, name }: Change) =>
      (meant.lanes?.test(type) === true && /-(urgent|bulk)$/.test(name)) ||
      (meant.functions?.test(type) === true && /-door(-|$)/.test(name));
    expect(
      lost(changes)
        .filter((change) => !unset(change) && !isMeant(change))
        .map(described),
    ).toEqual([]);
  });
});

it.each(['s3', 'r2', 'wasabi'])(
  'finds the buckets of version 0.1.0 on %s by the names that they had there',
  async (storage) => {
    const { resources } = await recordFarm(bareStack({ ...allCredentials, storage }));
    const components = resources.filter(({ type }) => type.startsWith('transcode-farm:storage:'));
    expect(components.map(({ name, formerNames }) => ({ name, formerNames }))).toEqual([
      { name: 'farm-source', formerNames: ['transcode-farm-test-source'] },
      { name: 'farm-output', formerNames: ['transcode-farm-test-output'] },
    ]);
  },
);

it.each(['s3', 'r2', 'wasabi'])(
  'a stack with storage %s keeps buckets, queues and logs under another name',
  async (storage) => {
    const credentials = {
      ...{ cloudflareAccountId: '0123456789abcdef0123456789abcdef', wasabiRegion: 'eu-central-2' },
      ...{ wasabiAccessKeyId: 'SESAMEACCESSKEY', wasabiSecretAccessKey: 'sesame-wasabi-secret' },
    };
    const stack = bareStack({ ...credentials, storage, keepBuckets: 'false' });
    const changes = compareRuns(await recordFarm(stack), await recordFarm({ ...stack, stack: 'renamed' }));
    const gone = lost(changes).filter(({ type }) => !type.startsWith('aws:ssm/parameter'));
    expect(gone.map(described)).toEqual([]);
    expect(changes.filter(({ kind }) => kind === 'made' || kind === 'removed').map(described)).toEqual([]);
  },
);
