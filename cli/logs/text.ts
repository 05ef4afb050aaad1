import { printable } from '../text/style.ts';
import type { LogLine } from './read.ts';

/** On every line, and the same on each. */
const known = new Set(['time', 'level', 'msg', 'job', 'pid', 'hostname', 'worker']);

/** Source: https://getpino.io/#/docs/api?id=loggerlevels-object */
const levels: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** `12:01:09 warn   the message  field=value` */
export function logLine(line: LogLine): string {
  const { time, level, msg } = line;
  const at = new Date(time as string | number);
  const clock = Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 19).replace('T', ' ');
  const fields = Object.entries(line)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => `${name}=${fieldText(value)}`);
  const parts = [
    clock,
    (levels[Number(level)] ?? String(level ?? '')).padEnd(5),
    String(msg ?? ''),
    ...fields,
  ];
  return printable(parts.filter(Boolean).join('  '));
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /\s/.test(value) ? JSON.stringify(value) : value;
  const message = (value as { message?: string } | null)?.message;
  return message === undefined ? JSON.stringify(value) : JSON.stringify(message);
}
