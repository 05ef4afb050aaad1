import { byId, element } from '../elements.js';
import { formatBitrate, formatBytes, formatClock, formatSeconds } from '../format.js';
import { adviceFor } from '../jobs/advice.js';
import { capital, stateWords, titleOf } from '../jobs/words.js';

/** Shows all that is known of the job, apart from the film itself. */
export function showReport(job) {
  const title = titleOf(job);
  document.title = `${title} · transcode-farm`;
  byId('title').textContent = title;
  const badge = byId('state');
  badge.textContent = stateWords[job.state] ?? job.state;
  badge.dataset.state = job.state;
  showFacts(job);
  showProgress(job);
  showFailure(job);
  showLadder(job.film?.renditions ?? []);
  showTimes(job);
  byId('notes').hidden = job.warnings.length === 0;
  byId('notes-list').replaceChildren(...job.warnings.map((text) => element('li', { text })));
}

/** A job without a status: the farm may not have started it yet. */
export function showQueued(id) {
  document.title = `${id} · transcode-farm`;
  byId('title').textContent = id;
  byId('state').textContent = stateWords.queued;
  byId('state').dataset.state = 'queued';
  byId('progress').hidden = false;
  byId('progress-stage').textContent = stateWords.queued;
  byId('progress-facts').textContent =
    'No worker has started this job yet, or its film was deleted. The page shows its progress as soon as one starts.';
  byId('progress-percent').textContent = '';
  byId('progress-bar').setAttribute('aria-valuenow', '0');
  byId('progress-bar').firstElementChild.style.width = '0';
}

/** Marks the row of the rendition that is playing. */
export function markPlaying({ width, height }) {
  for (const row of byId('ladder-rows').children) {
    row.classList.toggle('playing', row.dataset.picture === `${width}×${height}`);
  }
}

function showFacts(job) {
  const { film, timings } = job;
  const facts = film
    ? [
        formatClock(film.durationSeconds),
        formatBytes(film.bytes),
        `${film.renditions.length} rendition${film.renditions.length === 1 ? '' : 's'}`,
        film.encoder,
        timings.speed === undefined ? '' : `${timings.speed.toFixed(1)}× real time`,
        film.measured ? measuredText(film.measured) : '',
      ]
    : [];
  byId('facts').replaceChildren(
    ...[...facts, job.id].filter(Boolean).map((text) => element('span', { text })),
  );
}

/** VMAF is of 100, SSIM of 1. */
function measuredText({ metric, mean, rendition }) {
  return `${metric.toUpperCase()} ${mean.toFixed(metric === 'ssim' ? 4 : 1)} (${rendition})`;
}

function showProgress(job) {
  const running = ['queued', 'running', 'retrying'].includes(job.state);
  byId('progress').hidden = !running;
  if (!running) return;
  const { progress } = job;
  const file = job.stage === 'files' ? job.file : undefined;
  const percent = Math.floor((file ?? progress)?.percent ?? 0);
  const stage = file ? `Making ${file.name}` : capital(job.stage ?? 'starting');
  byId('progress-stage').textContent = job.state === 'running' ? stage : stateWords[job.state];
  byId('progress-percent').textContent = `${percent} %`;
  byId('progress-bar').setAttribute('aria-valuenow', String(percent));
  byId('progress-bar').firstElementChild.style.width = `${percent}%`;
  byId('progress-early').hidden = !job.early || job.state !== 'running';
  const facts = [
    job.attempt > 1 ? `attempt ${job.attempt} of ${job.maxAttempts}` : '',
    job.state === 'retrying' ? job.error?.message : '',
    !progress?.framesPerSecond ? '' : `${Math.round(progress.framesPerSecond)} frames/s`,
    !progress?.speed ? '' : `${progress.speed.toFixed(1)}× real time`,
    progress?.playableInSeconds === undefined || job.early
      ? ''
      : `can be watched in about ${formatSeconds(progress.playableInSeconds)}`,
    progress?.etaSeconds === undefined ? '' : `${formatSeconds(progress.etaSeconds)} to go`,
    progress ? `${formatBytes(progress.publishedBytes)} in ${progress.publishedSegments} segments` : '',
  ];
  byId('progress-facts').textContent = facts.filter(Boolean).join('  ·  ');
  byId('progress-rungs').replaceChildren(
    ...(progress?.renditions ?? []).map((text) => element('li', { text })),
  );
}

function showFailure(job) {
  byId('failure').hidden = job.state !== 'failed';
  byId('failure-title').textContent = 'This film was not transcoded';
  byId('failure-message').textContent = job.error?.message ?? '';
  const advice = adviceFor(job.error?.code ?? '');
  byId('failure-advice').hidden = advice === undefined;
  byId('failure-advice').textContent = advice ?? '';
}

function showLadder(renditions) {
  byId('ladder').hidden = renditions.length === 0;
  const most = Math.max(...renditions.map((each) => each.averageBandwidth), 1);
  byId('ladder-rows').replaceChildren(
    ...renditions.map((each) => {
      const picture = each.kind === 'audio' ? '' : `${each.width}×${each.height}`;
      const meter = element('div', { className: `meter ${each.kind}` }, [element('i')]);
      meter.firstElementChild.style.width = `${(each.averageBandwidth / most) * 100}%`;
      const name = element('th', { scope: 'row' }, [element('span', { text: each.name }), meter]);
      const row = element('tr', { 'data-picture': picture }, [
        name,
        each.kind === 'audio'
          ? element('td', { className: 'sound', text: audioText(each) })
          : element('td', { text: pictureText(each) }),
        element('td', { className: 'code', text: each.codecs }),
        ...[
          formatBitrate(each.averageBandwidth),
          formatBitrate(each.bandwidth),
          String(each.segments),
          formatBytes(each.bytes),
        ].map((text) => element('td', { className: 'number', text })),
      ]);
      return row;
    }),
  );
}

function audioText({ language = 'sound', loudness }) {
  if (loudness === undefined) return language;
  if (loudness.integratedLufs === undefined) return `${language} · silent`;
  const [lufs, dbtp] = [loudness.integratedLufs, loudness.truePeakDbtp].map(withMinus);
  return `${language} · ${lufs} LUFS, peaks of ${dbtp} dBTP`;
}

function withMinus(value) {
  return value.toFixed(1).replace('-', '−');
}

function pictureText({ width, height, frameRate }) {
  const rate = frameRate === undefined ? '' : ` · ${Number(frameRate.toFixed(2))} fps`;
  return `${width} × ${height}${rate}`;
}

/** Of a job that succeeded: before, and after a failure, the longest stage is missing. */
function showTimes({ state, timings }) {
  const stages = [
    ['waiting', timings.waitSeconds, 'in the queue'],
    ['probing', timings.probeSeconds, 'reading what the film is'],
    ['encoding', timings.encodeSeconds, 'and publishing on the way'],
    ['publishing', timings.publishSeconds, 'after the last frame'],
  ].filter(([, seconds]) => seconds !== undefined);
  // Where files or subtitles were added to a film, nothing is known but how long that waited.
  byId('times').hidden = state !== 'succeeded' || stages.every(([name]) => name === 'waiting');
  byId('times-bar').replaceChildren(
    ...stages.map(([name, seconds]) => {
      const piece = element('div', {
        className: `stage-${name}`,
        title: `${name}: ${formatSeconds(seconds)}`,
      });
      piece.style.flexGrow = String(Math.max(seconds, 0.001) * 1000);
      return piece;
    }),
  );
  byId('times-list').replaceChildren(
    ...stages.map(([name, seconds, meaning]) =>
      element('div', {}, [
        element('dt', { className: `stage-${name}`, text: capital(name) }),
        element('dd', {}, [
          element('b', { text: formatSeconds(seconds) }),
          element('span', { text: meaning }),
        ]),
      ]),
    ),
  );
}
