import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UserError } from '../errors.ts';

const run = promisify(execFile);

/** Length of the built-in clip in seconds. */
const clipSeconds = 20;

/**
 * Makes a film to show the farm with: slow colours behind Conway's game of life, a running clock, and a chord whose
 * notes wander between the ears. 720p at 30 frames per second.
 */
export async function makeClip(path: string, signal: AbortSignal): Promise<void> {
  try {
    await run('ffmpeg', clipArguments(path, clock), { signal });
  } catch (error) {
    signal.throwIfAborted();
    // Builds without libfreetype, and systems without any font, can't write the clock.
    await run('ffmpeg', clipArguments(path, []), { signal }).catch(() => {
      throw new UserError(`ffmpeg could not make a clip: ${reason(error)}`);
    });
  }
}

export function clipArguments(path: string, decorations: readonly string[], seconds = clipSeconds): string[] {
  const picture = [
    `[1:v]fps=30,trim=duration=${seconds},scale=320:180:flags=neighbor,format=gbrp[cells]`,
    '[0:v]format=gbrp[colours]',
    // Drawn small and enlarged: at full size this costs more time than encoding it.
    `[colours][cells]blend=all_mode=softlight:all_opacity=0.6,${[
      'format=yuv420p',
      'scale=1280:720:flags=bicubic',
      ...decorations,
    ].join(',')}[picture]`,
  ].join(';');
  const inputs = [
    `gradients=size=320x180:rate=30:duration=${seconds}:speed=0.012:nb_colors=5:seed=12` +
      ':c0=0x16205c:c1=0x0f7b8d:c2=0xf0a030:c3=0xb8203a:c4=0x243672',
    'life=size=160x90:rate=10:ratio=0.25:mold=18:seed=11:life_color=white:death_color=0x505050:mold_color=black',
    `aevalsrc=exprs='${tones(6, 277.18, 440, 0)}|${tones(-6, 329.63, 554.37, 0.5)}':s=48000:d=${seconds}`,
  ].flatMap((source) => ['-f', 'lavfi', '-i', source]);
  return [
    ...['-hide_banner', '-v', 'error', '-nostdin', '-y'],
    ...inputs,
    ...['-filter_complex', picture, '-map', '[picture]', '-map', '2:a'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-g', '60'],
    ...['-c:a', 'aac', '-b:a', '160k', '-movflags', '+faststart', path],
  ];
}

const clock = [
  'drawbox=x=0:y=0:w=iw:h=84:color=black@0.35:t=fill',
  "drawtext=text='%{pts\\:hms}':x=48:y=24:fontsize=40:fontcolor=white",
  "drawtext=text='transcode-farm':x=w-tw-48:y=28:fontsize=32:fontcolor=white@0.85",
];

/** One ear's sound: a low A that swells, a note of the chord against it, and a soft bell each second. */
function tones(swellSeconds: number, chordHertz: number, bellHertz: number, bellDelay: number): string {
  return [
    `0.14*sin(2*PI*220*t)*(0.6+0.4*sin(2*PI*t/${swellSeconds}))`,
    `0.10*sin(2*PI*${chordHertz}*t)*(0.5+0.5*sin(2*PI*t/${swellSeconds * 0.7}))`,
    `0.08*sin(2*PI*${bellHertz}*t)*exp(-3*mod(t+${bellDelay}\\,1))`,
  ].join('+');
}

function reason(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split('\n').at(-1) || message;
}
