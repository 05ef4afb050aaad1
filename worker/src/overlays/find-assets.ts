import { RefusedError } from '../errors.ts';
import { bundledFamilies, bundledFontsHash } from '../fonts/bundled.ts';
import { BadFontError, readFamilyName } from '../fonts/family-name.ts';
import type { OverlayOptions } from '../plan/overlay-options.ts';
import type { OverlayAssets, OverlayRequest } from '../plan/overlays.ts';
import type { Asset, AssetSource } from './assets.ts';
import { readImageHeader } from './image-header.ts';
import { Remembered } from './remembered.ts';

/** Where the owner's fonts are in the source bucket. */
export const fontsPrefix = 'fonts/';

export const limits = {
  imageBytes: 10 * 2 ** 20,
  imageSide: 4096,
  fontBytes: 20 * 2 ** 20,
  /** Files under `fonts/`. */
  fonts: 100,
} as const;

/** What was read of an image or a font, by its name and version. */
const sizes = new Remembered<OverlayAssets['images'][string]>(1000);
const families = new Remembered<{ family: string } | { problem: string }>(1000);

/**
 * Looks up all that overlays need, so that the plan can name each image and font with its version.
 * @throws RefusedError `bad-image`, `unknown-font`
 */
export async function findAssets(
  overlays: readonly OverlayOptions[],
  assets: AssetSource,
  signal?: AbortSignal,
): Promise<OverlayRequest> {
  const images: Record<string, OverlayAssets['images'][string]> = {};
  for (const { image } of overlays) {
    if (image !== undefined) images[image] ??= await findImage(image, assets, signal);
  }
  const wanted = new Map(
    overlays.flatMap(({ font }) => (font === undefined ? [] : [[font.toLowerCase(), font] as const])),
  );
  const bundled = new Map(bundledFamilies.map((family) => [family.toLowerCase(), family] as const));
  const foreign = [...wanted].filter(([name]) => !bundled.has(name));
  const fonts = foreign.length > 0 ? await findFonts(foreign, assets, signal) : [];
  const named = new Map([...bundled, ...fonts.map(({ family }) => [family.toLowerCase(), family] as const)]);
  const hasTexts = overlays.some(({ text }) => text !== undefined);
  return {
    // As the font itself is called, however the job spells it.
    overlays: overlays.map((overlay) =>
      overlay.font === undefined ? overlay : { ...overlay, font: named.get(overlay.font.toLowerCase()) },
    ),
    images,
    fonts,
    ...(hasTexts ? { bundledFonts: await bundledFontsHash() } : {}),
  };
}

async function findImage(
  key: string,
  assets: AssetSource,
  signal: AbortSignal | undefined,
): Promise<OverlayAssets['images'][string]> {
  const refuse = (what: string) =>
    new RefusedError('bad-image', `The image "${key}" in ${assets.name} ${what}.`);
  const found = await assets.find(key, signal);
  if (found === undefined) throw refuse('does not exist');
  const { etag, sizeBytes } = found;
  if (sizeBytes > limits.imageBytes) {
    throw refuse(`has ${sizeBytes} bytes; allowed are ${limits.imageBytes} (10 MiB)`);
  }
  return sizes.get(`${assets.name} ${key} ${etag}`, async () => {
    const header = readImageHeader(await assets.read(found, signal));
    if (header === undefined) throw refuse('is not a PNG, JPEG or WebP, or is damaged');
    if (header === 'animated') throw refuse('is animated; a still image is needed');
    const { width, height } = header;
    if (Math.min(width, height) < 1 || Math.max(width, height) > limits.imageSide) {
      throw refuse(
        `has ${width}x${height} pixels; allowed are up to ${limits.imageSide}x${limits.imageSide}`,
      );
    }
    return { etag, width, height };
  });
}

/** All files of the families, so that libass finds their bold and italic ones too. */
async function findFonts(
  wanted: readonly (readonly [name: string, spelled: string])[],
  assets: AssetSource,
  signal: AbortSignal | undefined,
): Promise<OverlayAssets['fonts']> {
  const fonts: { family: string; key: string; etag: string }[] = [];
  const problems: string[] = [];
  let count = 0;
  for await (const asset of assets.list(fontsPrefix, signal)) {
    if (!/\.(ttf|otf)$/i.test(asset.key)) continue;
    count += 1;
    if (count > limits.fonts) {
      problems.push(`of the files under ${fontsPrefix}, only the first ${limits.fonts} were looked at`);
      break;
    }
    const read = await readFont(asset, assets, signal);
    if ('family' in read) fonts.push({ family: read.family, key: asset.key, etag: asset.etag });
    else problems.push(`${asset.key} ${read.problem}`);
  }
  const has = (name: string) => fonts.some(({ family }) => family.toLowerCase() === name);
  const unknown = wanted.find(([name]) => !has(name));
  if (unknown === undefined)
    return fonts.filter(({ family }) => wanted.some(([name]) => name === family.toLowerCase()));
  const own = [...new Set(fonts.map(({ family }) => family))].sort();
  const there = `this farm has ${bundledFamilies.join(', ')}${own.length > 0 ? `, and under ${fontsPrefix} of the source bucket ${own.join(', ')}` : ''}`;
  throw new RefusedError(
    'unknown-font',
    [
      `The font "${unknown[1]}" is unknown: ${there}. Put a TTF or OTF of it under ${fontsPrefix} of ${assets.name}, or use one of these.`,
      ...(problems.length > 0 ? [`Not usable: ${problems.join('; ')}.`] : []),
    ].join(' '),
  );
}

async function readFont(
  asset: Asset,
  assets: AssetSource,
  signal: AbortSignal | undefined,
): Promise<{ family: string } | { problem: string }> {
  const { key, etag, sizeBytes } = asset;
  if (sizeBytes > limits.fontBytes) {
    return { problem: `has ${sizeBytes} bytes; allowed are ${limits.fontBytes} (20 MiB)` };
  }
  return families.get(`${assets.name} ${key} ${etag}`, async () => {
    try {
      return { family: readFamilyName(await assets.read(asset, signal)) };
    } catch (error) {
      if (!(error instanceof BadFontError)) throw error;
      return { problem: error.message };
    }
  });
}
