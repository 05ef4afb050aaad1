import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What plays DASH on the web. Their packages are 50 MB of download and 200 MB on disk, for one script each: so no dependencies. */
const players = {
  'dash.js': {
    package: 'dashjs@5.2.1',
    integrity:
      'sha512-axcJmLeJCTJMLUfQRErUJB1KOiU5iHF+DMLBc3FKeox1HPYtGUQlC6Xm5Mm6vhBUR3CHHLIPOqw0JDIqMtP+Dw==',
    script: 'package/dist/modern/umd/dash.mediaplayer.min.js',
  },
  'Shaka Player': {
    package: 'shaka-player@5.2.12',
    integrity:
      'sha512-vEsuVDI3+oLh+yqpjXexQZlg2XMUBI0VrqatDuKWacPaxAud6Uph5uCowUPLhUgNG5XKWCpoM4l1r8qYzWH+zg==',
    script: 'package/dist/shaka-player.dash.js',
  },
};

export type DashPlayer = keyof typeof players;
export const dashPlayers = Object.keys(players) as DashPlayer[];

const cache = fileURLToPath(new URL('../../../node_modules/.cache/players/', import.meta.url));

/** The player's script, from npm the first time. */
export function readDashPlayer(name: DashPlayer): string {
  const { package: wanted, integrity, script } = players[name];
  const kept = join(cache, `${wanted}.js`);
  if (!existsSync(kept)) {
    const folder = mkdtempSync(join(tmpdir(), 'player-'));
    try {
      const [tarball = ''] = execFileSync('npm', ['pack', '--silent', wanted], {
        cwd: folder,
        encoding: 'utf8',
      }).split('\n');
      const path = join(folder, tarball);
      const found = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`;
      if (found !== integrity)
        throw new Error(`The package ${wanted} is not the one that was looked at: its hash is ${found}.`);
      execFileSync('tar', ['-xzf', tarball, script], { cwd: folder });
      mkdirSync(cache, { recursive: true });
      writeFileSync(`${kept}.new`, readFileSync(join(folder, script)));
      renameSync(`${kept}.new`, kept);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return readFileSync(kept, 'utf8');
}
