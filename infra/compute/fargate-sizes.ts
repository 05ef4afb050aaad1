/** The task sizes of Fargate. Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const memoryByCpu: Readonly<Record<number, number[]>> = {
  256: [512, 1024, 2048],
  512: steps(1024, 4096, 1024),
  1024: steps(2048, 8192, 1024),
  2048: steps(4096, 16_384, 1024),
  4096: steps(8192, 30_720, 1024),
  8192: steps(16_384, 61_440, 4096),
  16384: steps(32_768, 122_880, 8192),
};

/** Why Fargate has no such size (CPU units, MiB), in a sentence; undefined when it has. */
export function fargateMistake(cpuUnits: number, memoryMib: number): string | undefined {
  const allowed = memoryByCpu[cpuUnits];
  if (!allowed) {
    return `Fargate has no size of ${cpuUnits} CPU units; expected one of ${Object.keys(memoryByCpu).join(', ')}.`;
  }
  if (allowed.includes(memoryMib)) return undefined;
  return `Fargate has no size of ${cpuUnits} CPU units with ${memoryMib} MiB; expected one of ${allowed.join(', ')} MiB.`;
}

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}
