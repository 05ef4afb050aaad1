import { expect, it } from 'vitest';
import { farmAlarms } from '../../../infra/monitoring/alarms.ts';
import { buildDashboard } from '../../../infra/monitoring/dashboard.ts';
import { metricUnits } from '../../../worker/src/report/metrics.ts';
import { gpuFarm } from '../../helpers/program/watched-farm.ts';

it('shows every metric that the worker writes, and none that it does not', () => {
  const lines = buildDashboard(gpuFarm, []).widgets.flatMap((widget) =>
    widget.type === 'metric' ? widget.properties.metrics : [],
  );
  const shown = lines.filter(([namespace]) => namespace === gpuFarm.metricsNamespace).map(([, name]) => name);
  expect(new Set(shown)).toEqual(new Set(Object.keys(metricUnits)));
});

it('rings only for metrics that the worker writes', () => {
  const watched = farmAlarms(gpuFarm, {
    oldestJobSeconds: 1,
    idleInstanceMinutes: 1,
    retentionDays: 4,
  }).flatMap(({ watched }) =>
    'metric' in watched && watched.metric.namespace === gpuFarm.metricsNamespace ? [watched.metric.name] : [],
  );
  expect(watched).toEqual(['JobsFailed', 'SickWorkers']);
  expect(Object.keys(metricUnits)).toEqual(expect.arrayContaining(watched));
});
