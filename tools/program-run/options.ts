import { getMonitor } from '@pulumi/pulumi/runtime/settings.js';

/** How a resource was registered, apart from its inputs. */
export interface ResourceOptions {
  /** URN, empty for none. */
  parent: string;
  /** URNs of everything that `dependsOn` leads to, a component's children included. */
  dependsOn: string[];
  protect: boolean;
  retainOnDelete: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  /** Inputs whose change replaces the resource, whatever its provider says. */
  replaceOnChanges: string[];
  /** Former URNs, by which the engine finds it in a stack that has it there. */
  aliases: string[];
  /** The names of those that had no parent. */
  formerNames: string[];
  /** URNs of what each input is made of. */
  propertyDependencies: Record<string, string[]>;
  customTimeouts: { create?: string; update?: string; delete?: string };
  provider: string;
}

interface AliasSpec {
  getName(): string;
  getNoparent(): boolean;
  getParenturn(): string;
}

/** Options reach the engine in the request, and not the mocks: read there, just before the mock is called. */
export interface RegisterRequest {
  getParent(): string;
  getDependenciesList?(): string[];
  getProtect?(): boolean;
  getRetainondelete?(): boolean;
  getDeletebeforereplace?(): boolean;
  getIgnorechangesList?(): string[];
  getReplaceonchangesList?(): string[];
  getAliasurnsList?(): string[];
  getAliasesList?(): { getUrn(): string; getSpec?(): AliasSpec | undefined }[];
  getPropertydependenciesMap?(): {
    forEach(visit: (urns: { getUrnsList(): string[] }, property: string) => void): void;
  };
  getCustomtimeouts?(): { getCreate(): string; getUpdate(): string; getDelete(): string } | undefined;
  getProvider?(): string;
}

const noOptions: ResourceOptions = {
  parent: '',
  dependsOn: [],
  protect: false,
  retainOnDelete: false,
  deleteBeforeReplace: false,
  ignoreChanges: [],
  replaceOnChanges: [],
  aliases: [],
  formerNames: [],
  propertyDependencies: {},
  customTimeouts: {},
  provider: '',
};

export function optionsOf(request: RegisterRequest | undefined): ResourceOptions {
  if (!request) return noOptions;
  const timeouts = request.getCustomtimeouts?.();
  return {
    parent: request.getParent(),
    dependsOn: request.getDependenciesList?.() ?? [],
    protect: request.getProtect?.() ?? false,
    retainOnDelete: request.getRetainondelete?.() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace?.() ?? false,
    ignoreChanges: request.getIgnorechangesList?.() ?? [],
    replaceOnChanges: request.getReplaceonchangesList?.() ?? [],
    aliases: aliasesOf(request),
    formerNames: (request.getAliasesList?.() ?? []).flatMap((alias) => {
      const spec = alias.getSpec?.();
      return spec?.getNoparent() ? [spec.getName()] : [];
    }),
    propertyDependencies: propertyDependencies(request),
    customTimeouts: timeouts
      ? {
          create: timeouts.getCreate() || undefined,
          update: timeouts.getUpdate() || undefined,
          delete: timeouts.getDelete() || undefined,
        }
      : {},
    provider: request.getProvider?.() ?? '',
  };
}

/** As URNs, or as the parents of those. */
function aliasesOf(request: RegisterRequest): string[] {
  const specs = request.getAliasesList?.() ?? [];
  return [
    ...(request.getAliasurnsList?.() ?? []),
    ...specs.flatMap((alias) => alias.getUrn() || alias.getSpec?.()?.getParenturn() || []),
  ];
}

function propertyDependencies(request: RegisterRequest): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  request.getPropertydependenciesMap?.().forEach((urns, property) => {
    found[property] = urns.getUrnsList();
  });
  return found;
}

type Respond = (error: unknown, response: unknown) => void;
type Monitor = Record<
  'registerResource' | 'readResource',
  (request: RegisterRequest, respond: Respond) => unknown
>;

/** Shows each request just before the mock that it leads to is called. */
export function keepRequests(see: (request: RegisterRequest) => void): void {
  const monitor = getMonitor() as unknown as Monitor;
  for (const method of ['registerResource', 'readResource'] as const) {
    const original = monitor[method].bind(monitor);
    monitor[method] = (request, respond) => {
      see(request); // the mock monitor calls newResource before it awaits anything
      return original(request, respond);
    };
  }
}
