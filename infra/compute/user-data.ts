/** Where scratch space is on an instance and in the worker's container. */
export const scratchDirectory = '/scratch';

/** User and group of the worker's process: `node` of the official Node image. */
export const workerUser = { uid: 1000, gid: 1000 } as const;

export interface UserDataArgs {
  clusterName: string;
  /** The instance may be kept stopped in a warm pool, and joins the cluster only when it leaves that. */
  warmPool: boolean;
}

/**
 * What an ECS instance runs at each boot, before the agent starts: joins the cluster, and makes scratch space of the instance store
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html).
 *
 * A boothook, as other scripts run at the first boot alone (https://cloudinit.readthedocs.io/en/latest/explanation/format.html). That is
 * not enough for an instance that was stopped: its instance store is empty, and Auto Scaling may have stopped it in the middle of its script
 * (https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html). So all of it may run again.
 */
export function buildUserData({ clusterName, warmPool }: UserDataArgs): string {
  return `#cloud-boothook
#!/bin/bash
grep -qs '^ECS_CLUSTER=' /etc/ecs/ecs.config || cat >> /etc/ecs/ecs.config <<'CONFIG'
ECS_CLUSTER=${clusterName}
# Off by default: two minutes before a Spot instance is taken, its tasks get SIGTERM and can give their jobs back.
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
# The image is named by its digest, so one that is there is the right one.
ECS_IMAGE_PULL_BEHAVIOR=prefer-cached
# Logs are written with the task's execution role, so the instance's role needs no right to.
ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true
ECS_DISABLE_PRIVILEGED=true
${warmPool ? 'ECS_WARM_POOLS_CHECK=true\n' : ''}CONFIG

mkdir -p ${scratchDirectory}
disk=$(lsblk --nodeps --noheadings --paths --output NAME,MODEL | awk '/Instance Storage/ { print $1; exit }')
if [ -n "$disk" ]; then
  # A disk that fails leaves scratch on the root volume: slower, and the worker still runs.
  mkfs.xfs -f "$disk" && mount -o noatime,nodev,nosuid "$disk" ${scratchDirectory} || echo "no scratch on $disk" >&2
fi
chown ${workerUser.uid}:${workerUser.gid} ${scratchDirectory}
chmod 0700 ${scratchDirectory}
`;
}
