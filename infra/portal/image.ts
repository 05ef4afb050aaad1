import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import { type Bundle, bundlePortalService } from '../functions/bundle.ts';
import { buildImage, createRepository, keepOldImages } from '../image/image.ts';

const dockerfile = fileURLToPath(new URL('../../portal/Dockerfile', import.meta.url));
/** One of the folders that git leaves out. */
const folder = fileURLToPath(new URL('../../.farm/portal-image', import.meta.url));

/**
 * The portal's image: the bundle of its function, with the AWS clients that Lambda would have, on Node alone.
 *
 * An image of its own and not an entry of the worker's: a change of the page would replace all workers, who have films in
 * hand, and the portal would carry ffmpeg. Docker is sent a folder with the bundle and not the repository: so the image
 * changes only with what the portal runs, and is what the function's tests try.
 *
 * Cost: as the worker's image, $0.10 a GB and month.
 */
export class PortalImage extends pulumi.ComponentResource {
  /** Names the image by digest. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('transcode-farm:portal:PortalImage', name, {}, { ...opts, transforms: [keepOldImages] });
    const { tag, files } = readContent();
    // Only where Pulumi runs: other tools run the program to see what it would make.
    if (pulumi.runtime.getEngine() !== undefined) layOutImage({ tag, files }, folder);
    this.uri = buildImage(this, name, createRepository(this, name), {
      folder,
      dockerfile: 'Dockerfile',
      tag,
    });
    this.registerOutputs({ uri: this.uri });
  }
}

export interface ImageContent {
  /** Follows from all files. */
  tag: string;
  files: Bundle;
}

let known: ImageContent | undefined;

/** What is in the image. Read once: some thousand files of npm packages. */
export function readContent(): ImageContent {
  known ??= tagged(bundlePortalService());
  return known;
}

function tagged(bundle: Bundle): ImageContent {
  const files = { texts: bundle.texts, files: { ...bundle.files, Dockerfile: dockerfile } };
  const hash = createHash('sha256');
  const add = (path: string, bytes: string | Buffer) =>
    hash.update(`${path} ${Buffer.byteLength(bytes)}\n`).update(bytes);
  for (const [path, text] of Object.entries(files.texts)) add(path, text);
  for (const [path, from] of Object.entries(files.files)) add(path, readFileSync(from));
  return { tag: hash.digest('hex').slice(0, 16), files };
}

/** Writes what Docker is sent, unless the folder holds just that. */
export function layOutImage({ tag, files }: ImageContent, target: string): void {
  // Beside the folder, as what is in it would be sent.
  const stamp = `${target}.tag`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === tag) return;
  rmSync(stamp, { force: true });
  rmSync(target, { recursive: true, force: true });
  const paths = [...Object.keys(files.texts), ...Object.keys(files.files)];
  const folders = new Set(['.', ...paths.flatMap(foldersOf)]);
  // The same modes whatever umask this machine has: the image's user reads them, and another mode would be another build.
  for (const path of folders) {
    mkdirSync(join(target, path), { recursive: true });
    chmodSync(join(target, path), 0o755);
  }
  for (const [path, text] of Object.entries(files.texts)) writeFileSync(join(target, path), text);
  for (const [path, from] of Object.entries(files.files)) copyFileSync(from, join(target, path));
  for (const path of paths) chmodSync(join(target, path), 0o644);
  writeFileSync(stamp, tag);
}

/** `a/b/c.js` is in `a` and `a/b`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}
