import * as pulumi from '@pulumi/pulumi';
import type { BackendArgs, Side, Storage } from './backend.ts';
import type { BackendName } from './names.ts';
import { R2Storage } from './r2.ts';
import { S3Storage } from './s3.ts';
import { WasabiStorage } from './wasabi.ts';

/** A backend is one file, its name in `names.ts`, and a line here. */
const backends: Readonly<
  Record<
    BackendName,
    new (
      name: string,
      args: BackendArgs,
      opts?: pulumi.ComponentResourceOptions,
    ) => Storage
  >
> = {
  s3: S3Storage,
  r2: R2Storage,
  wasabi: WasabiStorage,
};

export function createStorage(
  name: string,
  backend: BackendName,
  args: BackendArgs,
  opts?: pulumi.ComponentResourceOptions,
): Storage {
  return new backends[backend](name, args, { ...opts, aliases: [inVersion010(args.side)] });
}

/** Where version 0.1.0 has it in a stack, with bucket and settings below it: found there, films stay where they are. */
function inVersion010(side: Side): pulumi.Alias {
  const words = `${pulumi.getProject()}-${pulumi.getStack()}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const name = `${words.slice(0, 50 - side.length).replace(/^-+|-+$/g, '')}-${side}`;
  return { name, parent: pulumi.rootStackResource };
}
