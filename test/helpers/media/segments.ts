import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audioArguments } from '../../../worker/src/encode/audio-arguments.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { AudioPart, Plan, VideoPart } from '../../../worker/src/plan/plan.ts';
import { realMediaTools, temporaryFolder } from './clips.ts';
import { audioStream, film, planRequest, videoStream } from './media.ts';
import { audioPart, videoParts, x264 } from './plans.ts';

/** What ffmpeg really makes of a film of 8 s in segments of 2 s and video parts of 4 s. */
export interface MadeSegments {
  plan: Plan;
  videoParts: VideoPart[];
  audioPart: AudioPart;
  /** By rendition: its init segment (none in MPEG-TS) and its segments in order. */
  files: Map<string, { init?: Buffer; segments: Buffer[] }>;
}

export async function makeSegments(segmentFormat: Plan['segmentFormat']): Promise<MadeSegments> {
  const durationSeconds = 8;
  const media = film({
    durationSeconds,
    video: videoStream({ width: 426, height: 240, durationSeconds }),
    audio: [audioStream({ index: 0, durationSeconds })],
  });
  const plan = makePlan(media, {
    ...planRequest(
      {
        segmentFormat,
        segmentSeconds: 2,
        partSeconds: 4,
        ladder: [{ rung: '240p' }],
      },
      { encoder: { ...x264, preset: 'ultrafast' } },
    ),
    software: '7.1',
  });
  if (!plan.video) throw new Error('This plan was to have a picture.');
  // A second, smaller rung: the planner has none below 240p.
  const [rung] = plan.video.renditions;
  if (!rung) throw new Error('This plan was to have a rendition.');
  plan.video.renditions.push({ ...rung, name: '360p', width: 128, height: 72 });
  await using folder = await temporaryFolder();
  const tools = realMediaTools();
  for (const part of plan.parts) {
    if (part.kind === 'text' || part.kind === 'loudness') continue;
    const { lavfiFirst, outputArgs, renditions } =
      part.kind === 'video' ? videoArguments(plan, plan.video, part, 20) : audioArguments(plan, part, 20);
    for (const name of [...renditions, 'storyboard'])
      await mkdir(join(folder.path, name), { recursive: true });
    const seconds =
      part.kind === 'video' && part.endSeconds !== undefined ? part.endSeconds : durationSeconds;
    const from = part.kind === 'video' ? part.startSeconds : 0;
    const picture = `testsrc2=size=426x240:rate=25:duration=${seconds - from}`;
    await tools.ffmpeg({
      input: { lavfi: part.kind === 'video' ? picture : `sine=sample_rate=48000:duration=${seconds}` },
      ...(lavfiFirst === undefined ? {} : { lavfiFirst }),
      inputArgs: [],
      outputArgs,
      cwd: folder.path,
      onLine: renditions.map(() => () => {}),
      stallSeconds: 30,
    });
  }
  const files: MadeSegments['files'] = new Map();
  for (const { name } of [...plan.video.renditions, ...plan.audio]) {
    const names = (await readdir(join(folder.path, name))).sort();
    const read = (file: string) => readFile(join(folder.path, name, file));
    files.set(name, {
      ...(names.includes('init.mp4') ? { init: await read('init.mp4') } : {}),
      segments: await Promise.all(names.filter((file) => file !== 'init.mp4').map(read)),
    });
  }
  return { plan, videoParts: videoParts(plan), audioPart: audioPart(plan), files };
}
