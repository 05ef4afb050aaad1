import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { act } from './act.ts';
import { announcedJobs, type WakerEvent } from './announced.ts';
import { decide } from './decide.ts';
import type { Farm, WakerClients } from './farm.ts';
import { observe } from './observe.ts';
import { readMemory, writeMemory } from './remember.ts';

/**
 * The waker: a Lambda function that looks at the farm, decides and acts. A topic calls it when jobs are announced; a schedule calls it every
 * minute, for jobs that were sent to the queue directly, and for sleep. That it asks the queues every minute keeps their metrics fresh: those
 * of a queue that no one asks for six hours come up to 15 minutes late.
 */
export function createWaker(
  clients: WakerClients,
  farm: Farm,
  now: () => number = Date.now,
  log: (line: string) => void = console.log,
) {
  return async (event: WakerEvent): Promise<string> => {
    const atMs = now();
    const memory = await readMemory(clients.ssm, farm.memoryParameter);
    const announced = announcedJobs(event, atMs);
    const { workers: asked = 0 } = event;
    const observed = { ...(await observe(clients, farm)), atMs, announced, asked, memory };
    const decision = decide(observed, farm.rules);
    const done = await act(clients, farm, decision.actions);
    await writeMemory(clients.ssm, farm.memoryParameter, memory, decision.memory);
    log(JSON.stringify({ message: decision.reason, announced, done }));
    return decision.reason;
  };
}

/** What Lambda calls; clients and settings are made at its first call and kept. */
export function handler(event: WakerEvent): Promise<string> {
  waker ??= createWaker(
    {
      sqs: new SQSClient(),
      ecs: new ECSClient(),
      autoScaling: new AutoScalingClient(),
      ssm: new SSMClient(),
    },
    JSON.parse(process.env.FARM ?? '') as Farm,
  );
  return waker(event);
}

let waker: ReturnType<typeof createWaker> | undefined;
