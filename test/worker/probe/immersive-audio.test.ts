import { expect, it } from 'vitest';
import { immersiveMixes, streamGroupsSchema } from '../../../worker/src/probe/immersive-audio.ts';

const element = (layouts: string[], channels: number[], type = 0) => ({
  type: 'IAMF Audio Element',
  components: [
    {
      audio_element_type: type,
      subcomponents: layouts.map((channel_layout) => ({ channel_layout })),
    },
  ],
  streams: channels.map((channels, index) => ({ index, channels })),
});
const mixes = (...groups: unknown[]) => immersiveMixes(streamGroupsSchema.parse(groups));

it.each(['5.1', '5.1(side)'])('takes all streams of a mix in one layer (%s)', (layout) => {
  expect(mixes(element([layout], [2, 2, 1, 1]))).toEqual([
    {
      substreams: [
        { index: 0, channels: 2 },
        { index: 1, channels: 2 },
        { index: 2, channels: 1 },
        { index: 3, channels: 1 },
      ],
      otherIndexes: [1, 2, 3],
    },
  ]);
});

it('takes the first layer of several, which is a whole mix, and none of the layers that add to it as a sound by itself', () => {
  expect(mixes(element(['stereo', '5.1'], [2, 2, 1, 1]))).toEqual([
    { substreams: [{ index: 0, channels: 2 }], otherIndexes: [1, 2, 3] },
  ]);
});

it.each([
  ['ambisonics', element([], [1, 1, 1, 1], 1)],
  ['a layout that it does not know', element(['22.2'], [2, 2])],
  ['streams that do not fill the layout', element(['5.1'], [2, 2])],
  ['another kind of group', { ...element(['5.1'], [2, 2, 1, 1]), type: 'Tile Grid' }],
])('finds no mix in %s', (_, group) => {
  expect(mixes(group)).toEqual([]);
});
