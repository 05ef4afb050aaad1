import type { AudioStream, Media } from '../probe/media.ts';
import type { AudioGrid, AudioRendition } from './plan.ts';

/**
 * Where the samples of each rendition lie, if all streams that they are made of have a cadence. Otherwise the audio is not cut, since
 * two parts would disagree about where a sample belongs.
 */
export function audioGrids(
  { indexed, clock, audio }: Pick<Media, 'indexed' | 'clock' | 'audio'>,
  renditions: readonly Pick<AudioRendition, 'streamIndexes'>[],
  zeroSeconds: number,
): AudioGrid[] | undefined {
  if (!indexed || clock) return undefined;
  const grids = renditions.flatMap(({ streamIndexes }) => {
    const own = streamIndexes.map((index) => gridOf(audio, index, zeroSeconds));
    const [first] = own;
    return first && own.every((grid) => isSame(grid, first)) ? [first] : [];
  });
  return grids.length === renditions.length ? grids : undefined;
}

function gridOf(audio: readonly AudioStream[], index: number, zeroSeconds: number): AudioGrid | undefined {
  const stream = audio.find((each) => each.index === index);
  if (stream?.cadence === undefined) return undefined;
  const { sampleRate, cadence } = stream;
  const { packetSamples } = cadence;
  const offset = cadence.offsetSamples - Math.round(zeroSeconds * sampleRate);
  return {
    sampleRate,
    packetSamples,
    offsetSamples: ((offset % packetSamples) + packetSamples) % packetSamples,
  };
}

function isSame(
  grid: AudioGrid | undefined,
  { sampleRate, packetSamples, offsetSamples }: AudioGrid,
): boolean {
  return (
    grid?.sampleRate === sampleRate &&
    grid.packetSamples === packetSamples &&
    grid.offsetSamples === offsetSamples
  );
}
