import { expect, it } from 'vitest';
import { isWithinReach, peers } from '../../../../tools/bench/quality/peers.ts';

const comparedWith = (...ourBits: number[]) =>
  peers.filter((peer) => isWithinReach(peer, ourBits)).map(({ name }) => name);

it('leaves a peer with an average bitrate out where this farm takes fewer bits with every encode', () => {
  expect(comparedWith(500_000, 3_000_000)).toEqual(['PeerTube', 'MediaCMS']);
  expect(comparedWith(500_000, 3_200_000)).toEqual(['PeerTube', 'MediaCMS', 'Encore']);
  expect(comparedWith(500_000, 9_000_000)).toEqual(['PeerTube', 'MediaCMS', 'Encore', 'shaka-streamer']);
});
