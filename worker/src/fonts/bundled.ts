import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { hashOfFiles } from './hash.ts';

/**
 * The fonts that every farm has, from npm packages of Google's fonts: the same in the image, in the local farm and in
 * tests, whatever the machine has. All under the SIL Open Font License 1.1 (`LICENSE_FONT` in each package).
 */
const require = createRequire(import.meta.url);

const packages = {
  Montserrat: require.resolve('@expo-google-fonts/montserrat/package.json'),
  'Open Sans': require.resolve('@expo-google-fonts/open-sans/package.json'),
  'Playfair Display': require.resolve('@expo-google-fonts/playfair-display/package.json'),
  Roboto: require.resolve('@expo-google-fonts/roboto/package.json'),
};

/** What texts may be set in without a font of the owner's. */
export const bundledFamilies = Object.keys(packages) as (keyof typeof packages)[];

const styles = ['400Regular', '400Regular_Italic', '700Bold', '700Bold_Italic'];

/** They have what the others lack: libass takes a glyph from them that a text's font has not. */
const fallbacks = {
  'Noto Emoji': require.resolve('@expo-google-fonts/noto-emoji/package.json'),
  'Noto Sans Arabic': require.resolve('@expo-google-fonts/noto-sans-arabic/package.json'),
};
const fallbackStyles = ['400Regular', '700Bold'];

/** Paths of all files, in one order everywhere. */
export function bundledFontFiles(): string[] {
  return [
    ...bundledFamilies.flatMap((family) => styles.map((style) => fileOf(family, packages[family], style))),
    ...Object.entries(fallbacks).flatMap(([family, manifest]) =>
      fallbackStyles.map((style) => fileOf(family, manifest, style)),
    ),
  ];
}

let hash: Promise<string> | undefined;

/** Names the files' contents: other versions draw other letters. */
export function bundledFontsHash(): Promise<string> {
  hash ??= hashOfFiles(bundledFontFiles());
  return hash;
}

/** Such as `.../roboto/400Regular/Roboto_400Regular.ttf`. */
function fileOf(family: string, manifest: string, style: string): string {
  return join(dirname(manifest), style, `${family.replaceAll(' ', '')}_${style}.ttf`);
}
