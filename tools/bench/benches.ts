import { scaling } from '../simulation/bench.ts';
import { cli } from './cli.ts';
import { coordination } from './coordination/bench.ts';
import { firstPlay } from './first-play.ts';
import { firstSegment } from './first-segment.ts';
import { fn } from './function.ts';
import { joined } from './joined.ts';
import { ladder } from './ladder.ts';
import type { Bench } from './lib/bench.ts';
import { memory } from './memory.ts';
import { outputs } from './outputs/bench.ts';
import { overlap } from './overlap.ts';
import { overlays } from './overlays.ts';
import { parallel } from './parallel.ts';
import { parts } from './parts.ts';
import { portal } from './portal/bench.ts';
import { quality } from './quality/bench.ts';
import { reports } from './reports.ts';

/** All measurements, in the order in which they run. */
export const benches: Record<string, Bench> = {
  overlap,
  ladder,
  parts,
  parallel,
  joined,
  memory,
  'first-segment': firstSegment,
  'first-play': firstPlay,
  scaling,
  cli,
  coordination,
  reports,
  outputs,
  function: fn,
  overlays,
  portal,
  quality,
};
