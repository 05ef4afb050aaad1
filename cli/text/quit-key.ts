import type { ReadStream } from 'node:tty';

/** Watches for "q" in a terminal; in raw mode Ctrl-C is a key too, and is passed on as the signal it stands for. */
export function quitKey(stdin: ReadStream): { signal: AbortSignal; close(): void } {
  const pressed = new AbortController();
  if (!stdin.isTTY) return { signal: pressed.signal, close: () => undefined };
  const onKey = (data: Buffer) => {
    const keys = data.toString();
    if (keys.includes('q')) pressed.abort();
    if (keys.includes('\x03')) process.kill(process.pid, 'SIGINT');
  };
  stdin.setRawMode(true);
  stdin.on('data', onKey);
  return {
    signal: pressed.signal,
    close: () => {
      stdin.off('data', onKey);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
