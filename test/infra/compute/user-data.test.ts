import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildUserData } from '../../../infra/compute/user-data.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'user-data-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'etc/ecs'), { recursive: true });
  writeFileSync(join(root, 'etc/ecs/ecs.config'), 'ECS_ENABLE_GPU_SUPPORT=true\n');
});

afterEach(() => rmSync(root, { recursive: true }));

interface Machine {
  disks: string;
  mkfsFails?: boolean;
  warmPool?: boolean;
}

/** Runs the script by bash in a folder of its own, with commands that only note how they were called. */
function boot({ disks, mkfsFails = false, warmPool = false }: Machine): string[] {
  const log = join(root, 'log');
  writeFileSync(log, '');
  const commands = {
    mkfs: `exit ${mkfsFails ? 1 : 0}`,
    mount: 'exit 0',
    chown: 'exit 0',
    lsblk: `cat <<'END'\n${disks}\nEND`,
  };
  for (const [command, body] of Object.entries(commands)) {
    const file = join(root, 'bin', command === 'mkfs' ? 'mkfs.xfs' : command);
    const note = command === 'lsblk' ? '' : `echo "${command} $*" >> ${log}\n`;
    writeFileSync(file, `#!/bin/bash\n${note}${body}\n`);
    chmodSync(file, 0o755);
  }
  const script = buildUserData({ clusterName: 'farm-1a2b', warmPool })
    .replaceAll('/etc/ecs', `${root}/etc/ecs`)
    .replaceAll('/scratch', `${root}/scratch`);
  execFileSync('bash', ['-c', script], {
    env: { PATH: `${root}/bin:${process.env.PATH}` },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return readFileSync(log, 'utf8').replaceAll(root, '').trim().split('\n');
}

const settingsOf = () => readFileSync(join(root, 'etc/ecs/ecs.config'), 'utf8');

const rootDisk = '/dev/nvme0n1 Amazon Elastic Block Store';
const instanceStore = '/dev/nvme1n1 Amazon EC2 NVMe Instance Storage';

describe('the first boot of an instance', () => {
  it('joins the cluster, and adds to the configuration of the image', () => {
    boot({ disks: rootDisk });
    expect(settingsOf()).toMatch(/^ECS_ENABLE_GPU_SUPPORT=true\nECS_CLUSTER=farm-1a2b\n/);
    expect(settingsOf()).toContain('\nECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n');
  });

  it('keeps an instance of a warm pool out of the cluster until it is wanted, and no other', () => {
    boot({ disks: rootDisk });
    expect(settingsOf()).not.toContain('WARM_POOLS');
    writeFileSync(join(root, 'etc/ecs/ecs.config'), '');
    boot({ disks: rootDisk, warmPool: true });
    expect(settingsOf()).toMatch(/\nECS_WARM_POOLS_CHECK=true\n$/);
  });

  it('makes scratch space of the first instance store, owned by the worker', () => {
    const second = instanceStore.replace('nvme1', 'nvme2');
    expect(boot({ disks: [rootDisk, instanceStore, second].join('\n') })).toEqual([
      'mkfs -f /dev/nvme1n1',
      'mount -o noatime,nodev,nosuid /dev/nvme1n1 /scratch',
      'chown 1000:1000 /scratch',
    ]);
  });

  it('leaves scratch on the root volume where there is no instance store', () => {
    expect(boot({ disks: rootDisk })).toEqual(['chown 1000:1000 /scratch']);
  });

  it('goes on without an instance store that fails', () => {
    expect(boot({ disks: instanceStore, mkfsFails: true })).toEqual([
      'mkfs -f /dev/nvme1n1',
      'chown 1000:1000 /scratch',
    ]);
  });
});

describe('every later boot', () => {
  it('is run by cloud-init too, as a boothook', () => {
    expect(buildUserData({ clusterName: 'farm-1a2b', warmPool: false })).toMatch(
      /^#cloud-boothook\n#!\/bin\/bash\n/,
    );
  });

  it('makes scratch space again, as a stopped instance has lost its store', () => {
    const first = boot({ disks: instanceStore });
    expect(boot({ disks: instanceStore })).toEqual(first);
  });

  it('leaves the configuration as it is', () => {
    boot({ disks: rootDisk, warmPool: true });
    const settings = settingsOf();
    boot({ disks: rootDisk, warmPool: true });
    expect(settingsOf()).toBe(settings);
  });

  it('makes up for a first one that was cut off before it did anything', () => {
    rmSync(join(root, 'etc/ecs/ecs.config'));
    boot({ disks: rootDisk });
    expect(settingsOf()).toMatch(/^ECS_CLUSTER=farm-1a2b\n/);
  });
});
