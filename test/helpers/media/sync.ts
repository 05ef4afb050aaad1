import type { ReadFilm } from './read-film.ts';
import { listen } from './sound.ts';

/**
 * Inputs of ffmpeg: a white frame at every whole second of a dark film, and a beep with each. The noise makes frames so
 * large that each has a timestamp of its own in a programme stream.
 */
export function flashesAndBeeps(seconds = 6): string[] {
  const dark = `color=c=0x202020:s=160x90:r=25:d=${seconds},noise=alls=40:allf=t+u`;
  const flash = `${dark},drawbox=t=fill:c=white:enable='lt(mod(t,1),0.0201)'`;
  const beep = `aevalsrc='0.9*sin(2*PI*1000*t)*lt(mod(t,1),0.04)':s=48000:d=${seconds}`;
  return ['-f', 'lavfi', '-i', flash, '-f', 'lavfi', '-i', beep];
}

/** A flash in a published film, and how much later its beep is heard; undefined where no beep is near. */
interface Flash {
  seconds: number;
  beepAfterSeconds: number | undefined;
}

/** Every flash of the smallest rendition, held against the sound of a track. */
export async function measureSync({ video, audio }: ReadFilm, track = 0): Promise<Flash[]> {
  const [picture, rendition] = [video.at(-1), audio[track]];
  if (!picture || !rendition) throw new Error('The film has no video or no audio.');
  const sound = await listen(rendition);
  const isWhite = (frame: number) => picture.looks[frame]?.corners.topLeft === 'white';
  return picture.packets.flatMap(({ seconds }, frame) => {
    if (!isWhite(frame) || isWhite(frame - 1)) return [];
    const onset = sound.onsetAfter(Math.max(0, seconds - 0.4));
    const after = onset === undefined ? undefined : onset - seconds;
    return [{ seconds, beepAfterSeconds: after === undefined || after > 0.4 ? undefined : after }];
  });
}
