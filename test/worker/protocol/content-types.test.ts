import { describe, expect, it } from 'vitest';
import { headersFor } from '../../../worker/src/protocol/content-types.ts';

const year = 'public, max-age=31536000, immutable';
const minute = 'public, max-age=60';

describe('headersFor', () => {
  it.each([
    ['720p/00042.m4s', false, 'video/iso.segment', year],
    ['720p/init.mp4', false, 'video/mp4', year],
    ['audio-0/00042.m4s', true, 'audio/mp4', year],
    ['audio-0/init.mp4', true, 'audio/mp4', year],
    ['720p/00042.ts', false, 'video/mp2t', year],
    ['audio-0/00042.ts', true, 'video/mp2t', year],
    ['index.m3u8', false, 'application/vnd.apple.mpegurl', minute],
    ['manifest.mpd', false, 'application/dash+xml', minute],
    ['storyboard.vtt', false, 'text/vtt; charset=utf-8', minute],
    ['poster.jpg', false, 'image/jpeg', year],
    ['status.json', false, 'application/json', 'no-cache'],
  ])('%s (audio: %s) is %s, %s', (name, audio, contentType, cacheControl) => {
    expect(headersFor(name, audio)).toEqual({ contentType, cacheControl });
  });

  it('refuses what is never published', () => {
    expect(() => headersFor('film.exe')).toThrow(TypeError);
  });
});
