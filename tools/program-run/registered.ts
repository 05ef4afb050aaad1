import type { ResourceOptions } from './options.ts';

/** What a program registered with Pulumi, seen from the engine's side. */
export interface Registered extends ResourceOptions {
  type: string;
  name: string;
  urn: string;
  /** False for components. */
  custom: boolean;
  /** It is there, and the program only reads it. */
  isRead: boolean;
  /** As the provider gets them; secrets unwrapped. */
  inputs: Inputs;
  /** Paths of the inputs that are secret, such as `value` or `containerDefinitions`. */
  secretPaths: string[];
  /** What a cloud would answer, the inputs among it; of a preview, the inputs alone. */
  outputs: Inputs;
}

/** Inputs in their loose, wire-like form. */
export type Inputs = Record<string, unknown>;
