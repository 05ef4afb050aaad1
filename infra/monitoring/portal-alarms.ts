import type { FarmAlarm } from './alarm.ts';
import { functionMetric, loadBalancerMetric, type PortalNames } from './metrics.ts';

/** The people's own page. */
export function portalAlarms(portal: PortalNames): FarmAlarm[] {
  const errors = {
    key: 'portal-errors',
    description:
      'The portal has answered five requests in five minutes with an error of its own (5xx). Its log says why.',
    threshold: 5,
    periodSeconds: 300,
    points: 1,
    of: 1,
  };
  if ('functionName' in portal)
    return [
      {
        ...errors,
        watched: { metric: functionMetric(portal.functionName, 'Url5xxCount'), stat: 'Sum' },
      },
    ];
  const { loadBalancer, targetGroup } = portal;
  return [
    {
      ...errors,
      watched: {
        metric: loadBalancerMetric(loadBalancer, 'HTTPCode_Target_5XX_Count'),
        stat: 'Sum',
      },
    },
    {
      // Also where no task runs at all, as no one else answers then.
      key: 'portal-unreachable',
      description:
        'The load balancer itself has answered five requests in five minutes with an error (5xx): no task of the portal runs, or none answers in time. Look at the events of its service and at its log.',
      threshold: 5,
      periodSeconds: 300,
      points: 1,
      of: 1,
      watched: { metric: loadBalancerMetric(loadBalancer, 'HTTPCode_ELB_5XX_Count'), stat: 'Sum' },
    },
    {
      key: 'portal-unhealthy',
      description:
        'A task of the portal has failed its health check (/health) for five minutes, and ECS has not replaced it. Its log says why.',
      threshold: 1,
      periodSeconds: 60,
      points: 5,
      of: 7,
      watched: {
        metric: loadBalancerMetric(loadBalancer, 'UnHealthyHostCount', targetGroup),
        stat: 'Maximum',
      },
    },
  ];
}
