import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../../../worker/src/plan/plan.ts';
import { readSettings } from '../../../worker/src/settings/settings.ts';
import { planReferenceFilm } from '../../cost/film.ts';
import { Ground } from './ground.ts';
import type { Counted } from './storage.ts';
import { workOnFilm } from './worker.ts';

export interface Run {
  plan: Plan;
  endpoint: string;
  conditionalWrites: boolean;
  /** What a part takes to encode. */
  secondsOf(part: number): number;
  /** What a part's last uploads take, beside the next part's encoding. */
  tailSeconds: number;
  ground: Ground;
  signal: AbortSignal;
}

export interface Measured {
  /** By kind. */
  requests: Record<string, number>;
  requestsPerPart: number;
  /** The most in ten seconds, refused ones aside. */
  writesToAKey: number;
  madeTwice: number;
  assemblies: number;
  longestIdleSeconds: number;
  /** Later than in the ideal schedule. */
  firstPartDelaySeconds: number;
  lastPartDelaySeconds: number;
}

export interface RunOptions {
  workers: number;
  parts: number;
  /** One write a second to a key, as R2 takes. */
  limitWrites?: boolean;
  conditionalWrites?: boolean;
}

/** Later than this, a run has failed. */
const limitSeconds = 600;
const tailSeconds = 0.5;

/** About a minute of encoding: 40 to 80 s, spread evenly, the same in each run. */
function secondsOf(part: number): number {
  const goldenRatio = 0.618_033_988_75;
  return 40 + 40 * ((part * goldenRatio) % 1);
}

/** One film, made by all workers from the same moment. */
export async function measure(options: RunOptions): Promise<Measured> {
  const { workers, parts, limitWrites = false, conditionalWrites = true } = options;
  const program = fileURLToPath(new URL('storage.ts', import.meta.url));
  const storage = fork(program, [limitWrites ? 'limited' : 'plain']);
  try {
    const [{ port }] = (await once(storage, 'message')) as [{ port: number }];
    const plan = filmOf(parts);
    const ground = new Ground(plan);
    const signal = AbortSignal.timeout(limitSeconds * 1000);
    const endpoint = `http://127.0.0.1:${port}`;
    const run: Run = { plan, endpoint, conditionalWrites, secondsOf, tailSeconds, ground, signal };
    await Promise.all(Array.from({ length: workers }, (_, worker) => workOnFilm(run, worker)));
    storage.send('count');
    const [{ requests, writesToAKey }] = (await once(storage, 'message')) as [Counted];
    const sum = Object.values(requests).reduce((all, count) => all + count, 0);
    return {
      requests,
      requestsPerPart: sum / parts,
      writesToAKey,
      madeTwice: ground.twice,
      assemblies: ground.assemblies,
      longestIdleSeconds: ground.longestIdleSeconds,
      firstPartDelaySeconds: (ground.recordedAt.get(0) ?? limitSeconds) - secondsOf(0) - tailSeconds,
      lastPartDelaySeconds: Math.max(...ground.recordedAt.values()) - idealEnd(parts, workers),
    };
  } finally {
    storage.kill();
  }
}

/** When the last part is recorded if each worker takes the next part the moment that it is free. */
function idealEnd(parts: number, workers: number): number {
  const freeAt = Array.from({ length: workers }, () => 0);
  for (let part = 0; part < parts; part += 1) {
    const next = freeAt.indexOf(Math.min(...freeAt));
    freeAt[next] = (freeAt[next] ?? 0) + secondsOf(part);
  }
  return Math.max(...freeAt) + tailSeconds;
}

/** A film of this many video parts, without audio. */
function filmOf(parts: number): Plan {
  const { encoding } = readSettings({
    QUEUE_URL: 'http://localhost/jobs',
    DEAD_LETTER_QUEUE_URL: 'http://localhost/dead',
    SOURCE_BUCKET: 'source',
    OUTPUT_BUCKET: 'output',
  });
  const cut = { ...encoding, segmentSeconds: 6, partSeconds: 7200 / parts };
  const plan = planReferenceFilm({ encoding: cut }, 'x264');
  const video = plan.parts.filter(({ kind }) => kind === 'video');
  if (video.length !== parts) throw new Error(`The film has ${video.length} parts, not ${parts}.`);
  return { ...plan, audio: [], parts: video };
}
