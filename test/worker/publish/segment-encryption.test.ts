import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as hls from 'hls-parser';
import { describe, expect, it, vi } from 'vitest';
import { earlyMediaPlaylist, endEarlyPlaylist } from '../../../worker/src/publish/early-playlists.ts';
import { mediaPlaylist, playlistFiles } from '../../../worker/src/publish/media-playlist.ts';
import {
  encryptedBytes,
  encryptSegment,
  secretIdOf,
  segmentKey,
} from '../../../worker/src/publish/segment-encryption.ts';
import { planOf, recordsOf } from '../../helpers/media/published.ts';

/** The test vector of docs/encryption.md. */
const secret = Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64');
const other = Buffer.alloc(32).toString('base64');

describe('keys', () => {
  it('follow from secret, job and plan as docs/encryption.md says', () => {
    expect(segmentKey(secret, 'holiday-2026', '3f9a1c0b7d52').toString('hex')).toBe(
      '8c42ab86fb6221ed2d9ed1fe5a3cbf0d',
    );
  });

  it('are those that the server in docs/encryption.md gives out', async () => {
    const page = readFileSync(new URL('../../../docs/encryption.md', import.meta.url), 'utf8');
    const [, code = ''] = /```js\n(import .*?)```/s.exec(page) ?? [];
    vi.stubEnv('ENCRYPTION_SECRET', secret);
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    const { keyOf } = (await import(/* @vite-ignore */ url)) as {
      keyOf: (jobId: string, plan: string) => Buffer;
    };
    vi.unstubAllEnvs();
    expect(keyOf('holiday-2026', '3f9a1c0b7d52')).toEqual(segmentKey(secret, 'holiday-2026', '3f9a1c0b7d52'));
    expect(page).toContain(segmentKey(secret, 'holiday-2026', '3f9a1c0b7d52').toString('hex'));
    expect(page).toContain(secret);
  });

  it('differ from job to job, from plan to plan and from secret to secret', () => {
    const keys = [
      segmentKey(secret, 'a', '1'),
      segmentKey(secret, 'b', '1'),
      segmentKey(secret, 'a', '2'),
      segmentKey(other, 'a', '1'),
    ].map((key) => key.toString('hex'));
    expect(new Set(keys).size).toBe(4);
  });

  it('do not show which secret they are of; an id of it does', () => {
    expect(secretIdOf(secret)).toMatch(/^[0-9a-f]{12}$/);
    expect(secretIdOf(secret)).not.toBe(secretIdOf(other));
  });
});

describe('segments', () => {
  it('are decrypted by AES-128-CBC with their number as IV, and have the size that their record says', () => {
    const key = segmentKey(secret, 'a', '1');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20_000), (bytes, number) => {
        const sealed = Buffer.concat(encryptSegment(Buffer.from(bytes), key, number));
        expect(sealed.length).toBe(encryptedBytes(bytes.length));
        // RFC 8216 section 5.2: big-endian, padded with zeros to 16 bytes.
        const iv = Buffer.from(number.toString(16).padStart(32, '0'), 'hex');
        const decipher = createDecipheriv('aes-128-cbc', key, iv);
        const clear = Buffer.concat([decipher.update(sealed), decipher.final()]);
        expect(clear.equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('playlists of an encrypted film', () => {
  const encryption = {
    method: 'aes-128',
    keyUrl: 'https://keys.example.com/holiday-2026/{plan}',
    secretId: '',
  } as const;
  const keyLine = '#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example.com/holiday-2026/0123456789ab"';
  const pieces = [
    { seconds: 6, bytes: 1000 },
    { seconds: 4, bytes: 800 },
  ];

  it('name the key behind the init segment, which is in clear', () => {
    const plan = planOf({ encryption });
    const text = mediaPlaylist(plan, '720p', recordsOf(plan, pieces));
    expect(text.split('\n').slice(6, 8)).toEqual(['#EXT-X-MAP:URI="init.mp4"', keyLine]);
    const parsed = hls.parse(text);
    if (parsed.isMasterPlaylist) throw new Error('a multivariant playlist');
    expect(parsed.segments.map(({ key }) => key)).toEqual([
      expect.objectContaining({ method: 'AES-128' }),
      expect.objectContaining({ method: 'AES-128' }),
    ]);
    expect(playlistFiles(text)).toEqual(['init.mp4', '00000.m4s', '00001.m4s']);
  });

  it('name the key of MPEG-TS too', () => {
    const plan = planOf({ encryption, segmentFormat: 'mpegts' });
    const text = mediaPlaylist(plan, '720p', recordsOf(plan, pieces));
    expect(text.split('\n').slice(6, 7)).toEqual([keyLine]);
  });

  it('name the same key in early play, to the end', () => {
    const plan = planOf({ encryption });
    const durations = pieces.map(({ seconds }) => seconds);
    const early = earlyMediaPlaylist(
      plan,
      { name: '720p', durations, isWhole: false },
      { count: 1, targetSeconds: 6 },
    );
    const published = mediaPlaylist(plan, '720p', recordsOf(plan, pieces));
    const ended = endEarlyPlaylist(early, '720p', published);
    for (const text of [early, ended])
      expect(text).toContain(`#EXT-X-MAP:URI="../720p/init.mp4"\n${keyLine}\n#EXTINF`);
    expect(ended.startsWith(early)).toBe(true);
  });
});
