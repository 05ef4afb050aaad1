import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode } from './packages.mjs';
import { findProgram, isProgram, SetupError, say, tryRun } from './process.mjs';
import { installWithSystem } from './system.mjs';

/** Finds ffmpeg and ffprobe, or installs them. ffmpeg must have libx264, without which no film can be made here. */
export function ensureFfmpeg() {
  if (!findProgram('ffmpeg') || !findProgram('ffprobe')) {
    const { byHand, output } = installWithSystem('ffmpeg', {
      'apt-get': 'ffmpeg',
      dnf: 'ffmpeg',
      yum: 'ffmpeg',
      apk: 'ffmpeg',
      pacman: 'ffmpeg',
      brew: 'ffmpeg',
    });
    if (!findProgram('ffmpeg') || !findProgram('ffprobe')) {
      throw new SetupError(
        `ffmpeg is missing and could not be installed here.${lastLine(output)}\n` +
          (byHand
            ? `Run this manually, then try again:  ${byHand}\n` +
              'Fedora and RHEL: ffmpeg comes from RPM Fusion, https://rpmfusion.org/Configuration'
            : 'Install ffmpeg and ffprobe (https://ffmpeg.org/download.html), put them into PATH and try again.'),
      );
    }
  }
  const encoders = tryRun(['ffmpeg', '-hide_banner', '-encoders']).output;
  if (!/\blibx264\b/.test(encoders)) {
    throw new SetupError(
      `${findProgram('ffmpeg')} has no libx264 encoder, which films are made with.\n` +
        'Install a full build: on Fedora "sudo dnf swap ffmpeg-free ffmpeg --allowerasing" with RPM Fusion enabled;\n' +
        'elsewhere see https://ffmpeg.org/download.html',
    );
  }
}

const browserPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS',
  '/Applications/Chromium.app/Contents/MacOS',
];
const browserNames = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'Google Chrome',
  'Chromium',
];

/** Finds Chromium or Chrome for the tests of the player page, or installs Chromium. */
export function ensureChromium(root) {
  const found = () =>
    process.env.CHROMIUM_PATH ?? browserNames.map((name) => findProgram(name, browserPlaces)).find(Boolean);
  if (found() || playwrightChromium(root)) return;
  // Debian has it without a window, which is smaller and starts faster; Ubuntu doesn't.
  if (installWithSystem('Chromium', { 'apt-get': 'chromium-headless-shell' }).ok && found()) return;
  const { byHand } = installWithSystem('Chromium', {
    'apt-get': 'chromium',
    dnf: 'chromium',
    yum: 'chromium',
    apk: 'chromium',
    pacman: 'chromium',
    brew: 'chromium',
  });
  if (found()) return;
  const done = say('Installing Chromium with playwright');
  const cli = join(root, 'node_modules', 'playwright-core', 'cli.js');
  const download = tryRun([pinnedNode(root), cli, 'install', 'chromium']);
  done(download.ok ? 'done' : 'did not work');
  if (playwrightChromium(root)) return;
  throw new SetupError(
    'The tests of the player page need Chromium or Chrome, and it could not be installed here.\n' +
      `Install it${byHand ? ` (${byHand})` : ''}, or set CHROMIUM_PATH to its program, then try again.`,
  );
}

/** Where playwright keeps its Chromium, if it has one. */
function playwrightChromium(root) {
  const script = "process.stdout.write(require('playwright-core').chromium.executablePath() ?? '')";
  const { ok, output } = tryRun([pinnedNode(root), '-e', script]);
  return ok && isProgram(output.trim()) ? output.trim() : undefined;
}

/** Finds a Postgres server for the tests of the database reports, or installs one. */
export function ensurePostgres() {
  if (findPostgres()) return;
  const { byHand, output } = installWithSystem('Postgres', {
    'apt-get': 'postgresql',
    dnf: 'postgresql-server',
    yum: 'postgresql-server',
    apk: 'postgresql',
    pacman: 'postgresql',
    brew: 'postgresql@17',
  });
  if (findPostgres()) return;
  throw new SetupError(
    `The tests of the database reports need a Postgres server, and it could not be installed here.${lastLine(output)}\n` +
      `Install it${byHand ? ` (${byHand})` : ''} so that "postgres" and "initdb" are in PATH, then try again.`,
  );
}

function findPostgres() {
  // Debian and Ubuntu keep servers outside PATH, a folder a version.
  const versions = listFolder('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`);
  const brew = ['/opt/homebrew/opt/postgresql@17/bin', '/usr/local/opt/postgresql@17/bin'];
  return findProgram('initdb', [...versions, ...brew]);
}

function listFolder(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function lastLine(output) {
  const line = output.trim().split('\n').at(-1);
  return line ? ` The last word was: ${line}` : '';
}
