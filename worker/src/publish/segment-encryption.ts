import { createCipheriv, hkdfSync } from 'node:crypto';
import { keyUrlOfPlan } from '../plan/encryption.ts';
import type { Plan } from '../plan/plan.ts';
import { tag } from './m3u8.ts';

/*
 * AES-128 of whole segments, RFC 8216 section 4.3.2.4: CBC with PKCS #7 padding, and the media sequence number as IV, as no
 * EXT-X-KEY says another. So a part that is made again has the same bytes. The key follows from the owner's secret by a formula, which
 * docs/encryption.md gives to key servers: nothing has to be kept or sent.
 */

const keyBytes = 16;
const blockBytes = 16;

/** HKDF of RFC 5869 with SHA-256 and no salt. No job id has a "/". @param secret in base64 */
export function segmentKey(secret: string, jobId: string, planId: string): Buffer {
  return derive(secret, `transcode-farm aes-128 ${jobId}/${planId}`, keyBytes);
}

/** Differs from secret to secret, and says nothing about one. */
export function secretIdOf(secret: string): string {
  return derive(secret, 'transcode-farm secret id', 6).toString('hex');
}

function derive(secret: string, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'base64'), Buffer.alloc(0), info, bytes));
}

/**
 * @param number the segment's, which is its media sequence number: playlists begin at 0
 * @returns pieces that follow one another
 */
export function encryptSegment(data: Buffer, key: Buffer, number: number): Buffer[] {
  const iv = Buffer.alloc(blockBytes);
  iv.writeUInt32BE(number, blockBytes - 4);
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  return [cipher.update(data), cipher.final()];
}

/** Padding is always added, a whole block where none would be needed. */
export function encryptedBytes(bytes: number): number {
  return bytes - (bytes % blockBytes) + blockBytes;
}

/**
 * To stand behind EXT-X-MAP: an initialization section before the first EXT-X-KEY is in clear (RFC 8216 section 4.3.2.4). It says no
 * more than the playlist does, and an encrypted one needs an IV attribute, which would be that of all segments too.
 */
export function keyTags({ id, encryption }: Pick<Plan, 'id' | 'encryption'>): string[] {
  if (encryption === undefined) return [];
  return [tag('EXT-X-KEY', { METHOD: 'AES-128', URI: { quoted: keyUrlOfPlan(encryption, id) } })];
}
