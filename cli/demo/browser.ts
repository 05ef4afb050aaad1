import { spawn } from 'node:child_process';

/** Opens an address in the person's browser: on a terminal with a display, and not in CI. */
export function openBrowser(
  url: string,
  { isTTY }: { isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): void {
  const command = browserCommand(platform, env);
  if (isTTY !== true || env.CI || env.FARM_NO_BROWSER || command === undefined) return;
  const child = spawn(command, [url], { stdio: 'ignore', detached: true });
  // The address is printed too.
  child.on('error', () => undefined);
  child.unref();
}

export function browserCommand(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined {
  if (platform === 'darwin') return 'open';
  if (platform === 'win32') return 'explorer.exe';
  return env.DISPLAY || env.WAYLAND_DISPLAY ? 'xdg-open' : undefined;
}
