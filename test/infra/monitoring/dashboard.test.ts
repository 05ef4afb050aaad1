import { describe, expect, it } from 'vitest';
import { buildDashboard } from '../../../infra/monitoring/dashboard.ts';
import type { FarmNames } from '../../../infra/monitoring/metrics.ts';
import { functionFarm, gpuFarm } from '../../helpers/program/watched-farm.ts';

const { widgets } = buildDashboard(gpuFarm, ['arn:alarm']);

function linesOf(title: string, farm = gpuFarm): unknown[][] {
  const found = buildDashboard(farm, []).widgets.find((widget) => widget.properties.title === title);
  if (found?.type !== 'metric') throw new Error(`no chart "${title}"`);
  return found.properties.metrics;
}

describe('the dashboard', () => {
  it('fills the grid of 24 columns without overlap', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)},${y + Math.floor(cell / width)}`,
      ),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBe(24);
  });

  it('shows what waits, what is in flight and what is dead', () => {
    expect(linesOf('Jobs in the queue').map((line) => line.slice(0, 4))).toEqual([
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'jobs'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'QueueName', 'jobs'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'jobs-dead'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'parts'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', 'QueueName', 'parts'],
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'parts-dead'],
    ]);
  });

  it('shows how jobs end', () => {
    expect(linesOf('Jobs by outcome').map((line) => line.slice(0, 2))).toEqual([
      ['transcode-farm/test', 'JobsSucceeded'],
      ['transcode-farm/test', 'JobsRetried'],
      ['transcode-farm/test', 'JobsFailed'],
      ['transcode-farm/test', 'SickWorkers'],
    ]);
  });

  it('shows calls instead of tasks, and those that were throttled or dropped, where functions are the workers', () => {
    const named = (title: string) => linesOf(title, functionFarm()).map((line) => line[1]);
    expect(named('Workers')).toEqual(['ConcurrentExecutions']);
    expect(named('Calls of the worker')).toEqual([
      'Invocations',
      'Errors',
      'Throttles',
      'AsyncEventsDropped',
    ]);
    expect(linesOf('What is paid for: busy machines', functionFarm())[1]).toEqual([
      { expression: 'ms / 3600000', label: 'hours of calls' },
    ]);
  });

  it('counts paid hours by instances, and on Fargate by tasks', () => {
    const title = 'What is paid for: busy machines';
    expect(linesOf(title)).toEqual([
      [
        ...['AWS/AutoScaling', 'GroupInServiceInstances', 'AutoScalingGroupName', 'gpu'],
        { stat: 'Sum', label: 'instance minutes', id: 'minutes', visible: false },
      ],
      [{ expression: 'minutes / 60', label: 'instance hours' }],
    ]);
    const [measured] = linesOf(title, {
      ...gpuFarm,
      workers: { ...gpuFarm.workers, groupName: undefined } as FarmNames['workers'],
    });
    expect(measured?.slice(0, 2)).toEqual(['AWS/ECS', 'CPUUtilization']);
  });
});
