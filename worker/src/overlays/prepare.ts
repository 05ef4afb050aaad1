import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { overlayFiles } from '../encode/draw.ts';
import { RefusedError } from '../errors.ts';
import { MediaToolError, type MediaTools } from '../ffmpeg/media-tool.ts';
import { bundledFontFiles, bundledFontsHash } from '../fonts/bundled.ts';
import type { ImageLayer, OverlayPlan } from '../plan/overlay-plan.ts';
import type { AssetSource } from './assets.ts';
import { readImageHeader } from './image-header.ts';

/**
 * Writes what all runs of a film draw with into `folder`: scripts of texts, images in the size in which they are drawn, and
 * fonts. Once for a worker and film.
 * @throws RefusedError `bad-image`
 * @throws Error where an image or a font is another version than the plan's: a retry plans again
 */
export async function prepareOverlays(
  plan: OverlayPlan,
  folder: string,
  { assets, tools, signal }: { assets: AssetSource; tools: Pick<MediaTools, 'ffmpeg'>; signal: AbortSignal },
): Promise<void> {
  await mkdir(folder);
  for (const [n, layer] of plan.layers.entries()) {
    if (layer.kind === 'texts') await writeFile(join(folder, overlayFiles.texts(n)), layer.ass);
    else await prepareImage(layer, join(folder, overlayFiles.image(n)), { assets, tools, signal });
  }
  await prepareFonts(plan, folder, assets, signal);
}

async function prepareImage(
  { key, etag, width, height, opacity }: ImageLayer,
  path: string,
  { assets, tools, signal }: { assets: AssetSource; tools: Pick<MediaTools, 'ffmpeg'>; signal: AbortSignal },
): Promise<void> {
  const bytes = await readVersion({ key, etag }, assets, signal);
  const header = readImageHeader(bytes);
  const damaged = (cause?: unknown) =>
    new RefusedError('bad-image', `The image "${key}" in ${assets.name} is damaged and cannot be decoded.`, {
      cause,
    });
  if (header === undefined || header === 'animated') throw damaged();
  const original = `${path}.original`;
  await writeFile(original, bytes);
  // Colours of pixels that are not seen must not run into those that are.
  const scaled = [
    'premultiply=inplace=1',
    `scale=${width}:${height}:flags=bicubic`,
    'unpremultiply=inplace=1',
  ];
  const filters = ['format=gbrap', ...scaled, 'format=rgba', `colorchannelmixer=aa=${opacity}`];
  try {
    await tools.ffmpeg({
      input: { imagePath: original, format: header.format },
      // Half an image is not what its owner wants on every film.
      inputArgs: ['-xerror', '-err_detect', 'explode', '-noautorotate'],
      outputArgs: [
        '-vf',
        filters.join(','),
        '-frames:v',
        '1',
        '-c:v',
        'png',
        '-f',
        'image2',
        '-update',
        '1',
        path,
      ],
      stallSeconds: 30,
      signal,
    });
  } catch (error) {
    if (!(error instanceof MediaToolError) || error.exitCode === null) throw error;
    throw damaged(error);
  }
}

/** In one folder, and a configuration that has no other: the machine's fonts are never seen. */
async function prepareFonts(
  { fonts, bundledFonts }: OverlayPlan,
  folder: string,
  assets: AssetSource,
  signal: AbortSignal,
): Promise<void> {
  const fontFolder = join(folder, overlayFiles.fonts);
  await mkdir(fontFolder);
  if (bundledFonts !== undefined) {
    if (bundledFonts !== (await bundledFontsHash()))
      throw new Error('The film was planned by a worker that has other fonts than this one.');
    for (const path of bundledFontFiles()) await symlink(path, join(fontFolder, basename(path)));
  }
  for (const [n, font] of fonts.entries()) {
    const extension = /\.[a-z]+$/i.exec(font.key)?.[0] ?? '';
    await writeFile(join(fontFolder, `own-${n}${extension}`), await readVersion(font, assets, signal));
  }
  await writeFile(join(folder, overlayFiles.fontConfig), fontConfig(fontFolder, join(folder, 'font-cache')));
}

async function readVersion(
  { key, etag }: { key: string; etag: string },
  assets: AssetSource,
  signal: AbortSignal,
): Promise<Buffer> {
  const found = await assets.find(key, signal);
  if (found?.etag !== etag)
    throw new Error(`"${key}" in ${assets.name} was replaced or removed since the film was planned.`);
  return assets.read(found, signal);
}

/** https://www.freedesktop.org/software/fontconfig/fontconfig-user.html */
function fontConfig(fonts: string, cache: string): string {
  const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    `<fontconfig><dir>${xml(fonts)}</dir><cachedir>${xml(cache)}</cachedir></fontconfig>`,
    '',
  ].join('\n');
}
