import { element } from '../elements.js';
import { readMusic } from './music.js';

/** What was chosen last, kept in this browser. */
const storageKey = 'transcode-farm-options';

/**
 * The options of a job as the form says them; what is the farm's own default is left out.
 * @throws Error that says which field is wrong
 */
export function readOptions(form) {
  const data = new FormData(form);
  const ladder = data.get('ladder');
  const outputs = data.getAll('output').map((name) => withRung(name, data.get('rung')));
  const thumbnail = Number(data.get('thumbnail'));
  const lane = data.get('lane');
  const preset = data.get('preset');
  const music = readMusic(data);
  // Files alone have nothing to play.
  const early = outputs.includes('hls') ? data.get('early') : '';
  const encryption = outputs.includes('hls') ? data.get('encryption') : '';
  if (encryption === 'aes-128' && outputs.length > 1)
    throw new Error(
      'Files would lie beside an encrypted stream in clear. Choose the stream alone, or no encryption.',
    );
  return {
    ...(preset && { preset }),
    ...(ladder && { ladder }),
    ...(outputs.join() !== 'hls' && { outputs }),
    ...(thumbnail !== 10 && { thumbnailAt: `${thumbnail}%` }),
    ...(lane && lane !== 'normal' && { lane }),
    ...(early && { early: early === 'yes' }),
    ...(encryption && { encryption }),
    ...(music && { music }),
    ...(data.has('keep') ? {} : { keepSource: false }),
  };
}

function withRung(name, rung) {
  return (name === 'mp4' || name === 'webm') && rung ? `${name}:${rung}` : name;
}

/**
 * Anything that reports carry through, a line each: `customer: Ada`. Undefined where there is none.
 * @throws Error that names the line
 */
export function readMetadata(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length === 0) return undefined;
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':');
      if (at < 1) throw new Error(`“${line}” has no name. Write each line as “name: value”.`);
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

export function rememberOptions(form) {
  const data = new FormData(form);
  const kept = {
    ladder: data.get('ladder'),
    outputs: data.getAll('output'),
    rung: data.get('rung'),
    keep: data.has('keep'),
    early: data.get('early'),
    encryption: data.get('encryption'),
  };
  try {
    localStorage.setItem(storageKey, JSON.stringify(kept));
  } catch {
    // Some browsers keep nothing in private windows.
  }
}

/** Offers the priority lanes that the farm has, where it has any beside the usual one. */
export function offerLanes(form, lanes) {
  const choice = form.elements.namedItem('lane');
  choice.closest('label').hidden = lanes.length < 2;
  for (const option of choice.options) {
    option.hidden = !lanes.includes(option.value);
    option.disabled = option.hidden;
  }
}

/** Offers the presets that the farm has. */
export function offerPresets(form, names) {
  const choice = form.elements.namedItem('preset');
  choice.closest('label').hidden = names.length === 0;
  choice.append(...names.map((text) => element('option', { text })));
}

/** Offers encryption, where the farm has keys. A choice that is off is no part of the form's data. */
export function offerEncryption(form) {
  form.elements.namedItem('encryption').disabled = false;
}

/** Sets the form to what was chosen last. */
export function restoreOptions(form) {
  const { ladder, outputs, rung, keep, early, encryption } = readKept();
  const { elements } = form;
  if (ladder !== undefined) elements.namedItem('ladder').value = ladder;
  if (Array.isArray(outputs))
    for (const box of elements.namedItem('output')) box.checked = outputs.includes(box.value);
  if (rung !== undefined) elements.namedItem('rung').value = rung ?? '';
  if (keep !== undefined) elements.namedItem('keep').checked = keep;
  if (early !== undefined) elements.namedItem('early').value = early ?? '';
  if (encryption !== undefined) elements.namedItem('encryption').value = encryption ?? '';
}

function readKept() {
  try {
    return JSON.parse(localStorage.getItem(storageKey)) ?? {};
  } catch {
    return {};
  }
}
