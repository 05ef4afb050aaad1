import type { Bench } from '../lib/bench.ts';
import { type Measured, measure, type RunOptions } from './run.ts';

/** Workers of the small film, for what grows with their number. */
const few = { workers: 50, parts: 60 };
const many = { workers: 500, parts: 600 };

/**
 * What the scheme before leases took, in which each worker read an object of every other worker every 5 s. Measured once,
 * on the same 2 cores: 24 parts by 20 workers, 72 by 60 (of which 49 were made in 250 s). With 500, reads timed out before
 * the first part was begun.
 */
const before = [
  '20 workers: 369 requests a part, none of 24 parts made twice, idle 4.8 s, last part 8.4 s late',
  '60 workers: 1102 requests a part, 8 of 49 parts made twice, idle 194 s, not finished in 250 s',
  '500 workers: no part begun; reads timed out after a minute',
];

export const coordination: Bench = {
  what: 'storage requests a part of a film of 600 parts on 500 workers, over those of 60 parts on 50 workers',
  goal: 1.1,
  async run({ log }) {
    for (const line of before) log(`without leases, ${line}`);
    const small = await runAndLog('50 workers', few, log);
    const large = await runAndLog('500 workers', many, log);
    const limited = await runAndLog(
      '500 workers, one write a second to a key',
      { ...many, limitWrites: true },
      log,
    );
    const plain = await runAndLog(
      '50 workers, no conditional writes',
      { ...few, conditionalWrites: false },
      log,
    );
    return {
      ratio: large.requestsPerPart / small.requestsPerPart,
      more: { 'parts made twice without conditional writes': plain.madeTwice },
      goals: [
        ...goalsOf('500 workers', large, many.parts),
        ...goalsOf('500 workers with the limit', limited, many.parts),
      ],
    };
  },
};

async function runAndLog(name: string, options: RunOptions, log: (line: string) => void): Promise<Measured> {
  const measured = await measure(options);
  const { requests, requestsPerPart, madeTwice, assemblies } = measured;
  const kinds = Object.entries(requests).map(([kind, count]) => `${count} ${kind}`);
  log(
    `${name}: ${requestsPerPart.toFixed(2)} requests a part (${kinds.join(', ')}), ` +
      `${madeTwice} made twice, ${assemblies} assembled, ` +
      `idle ${measured.longestIdleSeconds.toFixed(2)} s, first part ${measured.firstPartDelaySeconds.toFixed(2)} s ` +
      `and last part ${measured.lastPartDelaySeconds.toFixed(2)} s late`,
  );
  return measured;
}

function goalsOf(name: string, measured: Measured, parts: number) {
  return [
    { what: `${name}: requests a part`, value: measured.requestsPerPart, goal: 8 },
    { what: `${name}: writes to a key in ten seconds`, value: measured.writesToAKey, goal: 1 },
    { what: `${name}: parts made twice (%)`, value: (100 * measured.madeTwice) / parts, goal: 1 },
    { what: `${name}: longest idle while a part is free (s)`, value: measured.longestIdleSeconds, goal: 2 },
    { what: `${name}: first part late (s)`, value: measured.firstPartDelaySeconds, goal: 3 },
    { what: `${name}: last part late (s)`, value: measured.lastPartDelaySeconds, goal: 3 },
  ];
}
