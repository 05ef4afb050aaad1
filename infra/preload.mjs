// Loaded before the program (Pulumi.yaml, `nodeargs`), as a Node that can't read TypeScript can't read the program's entry either.
import { runWithInstalledNode } from './newer-node.mjs';

if (!process.features.typescript) await runWithInstalledNode(process.argv.slice(1));
