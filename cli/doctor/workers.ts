import type { Service } from '@aws-sdk/client-ecs';
import { type Finding, failed, ok, warning } from './finding.ts';

/** How the workers' service is, from what ECS says. */
export function validateService(service: Service): Finding {
  const { desiredCount = 0, runningCount = 0, deployments = [], events = [] } = service;
  const latest = deployments.find(({ status }) => status === 'PRIMARY');
  const said = events[0]?.message;
  if (latest?.rolloutState === 'FAILED') {
    const why = latest.rolloutStateReason ?? said ?? 'ECS gives no reason';
    return failed(
      'workers',
      `the last deployment failed: ${why}`,
      'See why its tasks ended: docs/operations.md.',
    );
  }
  if (desiredCount === 0) return ok('workers', 'none is wanted: the farm sleeps');
  const counts = `${runningCount} of ${desiredCount} run`;
  if (runningCount >= desiredCount) return ok('workers', counts);
  return warning(
    'workers',
    `${counts}${said ? `; ECS says: ${said}` : ''}`,
    'Instances take about two minutes to start. If it stays so, see the quotas above and docs/operations.md.',
  );
}
