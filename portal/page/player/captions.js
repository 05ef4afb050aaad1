import { openDialog } from '../dialogs.js';
import { button, byId, element } from '../elements.js';
import { ChoiceMenu } from './menu.js';

const key = 'transcode-farm-captions';

/** What a viewer chooses once for all films: the language of subtitles, and how they look. */
const styles = {
  size: { label: 'Size', choices: { small: 'Small', medium: 'Medium', large: 'Large', huge: 'Very large' } },
  color: { label: 'Text', choices: { white: 'White', yellow: 'Yellow', cyan: 'Cyan', black: 'Black' } },
  background: {
    label: 'Background',
    choices: { dark: 'Dark', solid: 'Black', light: 'White', none: 'None' },
  },
};
const defaults = { size: 'medium', color: 'white', background: 'dark' };

/**
 * The menu of subtitles: which, and how they look. @param hls undefined where the browser plays HLS itself
 * @returns turns them on and off
 */
export function wireCaptions(hls, video, signal) {
  const menu = new ChoiceMenu(byId('captions'), signal);
  const tracks = hls ? tracksOfHls(hls, video) : tracksOfBrowser(video);
  let last = 0;
  const choose = (index) => {
    if (index >= 0) last = index;
    tracks.choose(index);
    save({ language: index < 0 ? '' : (tracks.list()[index]?.language ?? '') });
    show();
  };
  const show = () => {
    const list = tracks.list();
    const chosen = tracks.chosen();
    if (list.length === 0) return menu.show([], '');
    const items = list.map(({ label, language }, index) => ({
      label,
      note: language,
      chosen: chosen === index,
      choose: () => choose(index),
    }));
    const off = { label: 'Off', chosen: chosen < 0, choose: () => choose(-1) };
    const style = { label: 'Style…', chosen: false, choose: () => showStyle(video) };
    menu.show([off, ...items, style], list[chosen]?.language ?? '');
  };
  tracks.onChange(() => show(), signal);
  tracks.onReady(() => {
    const { language } = read();
    const at = language ? tracks.list().findIndex((track) => track.language === language) : -1;
    if (at >= 0 && tracks.chosen() < 0) choose(at);
    show();
  }, signal);
  applyStyle(video);
  show();
  return () => {
    if (tracks.list().length > 0) choose(tracks.chosen() < 0 ? last : -1);
  };
}

/**
 * Cues are put into tracks of our own: those of hls.js are loaded from a `data:` address, which the page's policy forbids. Captions
 * inside the video are tracks too, found when the first of them comes.
 */
function tracksOfHls(hls, video) {
  const { Events } = window.Hls;
  /** `{ label, language, index, text, ids }`; `index` is hls.js's of a rendition. */
  const tracks = [];
  let captions;
  const add = (name, language, index) => {
    const text = video.addTextTrack('subtitles', name, language);
    text.mode = 'hidden';
    const track = { label: name, language, index, text, ids: new Set() };
    tracks.push(track);
    return track;
  };
  const chosen = () => tracks.findIndex(({ text }) => text.mode === 'showing');
  const showOnly = (track) => {
    for (const each of tracks) each.text.mode = each === track ? 'showing' : 'hidden';
  };
  hls.on(Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => {
    for (const [index, { name, lang = '' }] of subtitleTracks.entries())
      if (!tracks.some((track) => track.index === index)) add(name, lang, index);
  });
  hls.on(Events.CUES_PARSED, (_, { type, cues, subtitleTrack, closedCaptions }) => {
    if (type === 'captions') captions ??= add(closedCaptions?.name ?? 'Captions', '', undefined);
    const track = type === 'captions' ? captions : tracks.find(({ index }) => index === subtitleTrack?.id);
    for (const cue of cues) {
      // A cue that crosses a cut is in both segments.
      const id = `${cue.startTime} ${cue.endTime} ${cue.text}`;
      if (!track || track.ids.has(id)) continue;
      track.ids.add(id);
      track.text.addCue(cue);
    }
  });
  return {
    list: () => tracks,
    chosen,
    choose(at) {
      hls.subtitleTrack = tracks[at]?.index ?? -1;
      showOnly(tracks[at]);
    },
    onChange: (show) =>
      hls.on(Events.SUBTITLE_TRACK_SWITCH, () => {
        if (hls.subtitleTrack >= 0) showOnly(tracks.find(({ index }) => index === hls.subtitleTrack));
        show();
      }),
    onReady: (ready) => {
      // hls.js makes its own choice right after it has announced the tracks.
      hls.on(Events.SUBTITLE_TRACKS_UPDATED, () => queueMicrotask(ready));
      hls.on(Events.CUES_PARSED, (_, { type }) => {
        if (type === 'captions') ready();
      });
    },
  };
}

/** Safari on iPhones. */
function tracksOfBrowser(video) {
  const all = () => [...video.textTracks].filter(({ kind }) => /^(subtitles|captions)$/.test(kind));
  return {
    list: () => all().map(({ label, language }) => ({ label: label || language, language })),
    chosen: () => all().findIndex(({ mode }) => mode === 'showing'),
    choose(index) {
      for (const [at, track] of all().entries()) track.mode = at === index ? 'showing' : 'disabled';
    },
    onChange: (show, signal) => video.textTracks.addEventListener('change', show, { signal }),
    onReady: (ready, signal) => video.textTracks.addEventListener('addtrack', ready, { signal }),
  };
}

function showStyle(video) {
  openDialog('How subtitles look', (close) => [
    ...Object.entries(styles).map(([name, { label, choices }]) => {
      const chosen = styleOf(name);
      const options = Object.entries(choices).map(([value, text]) => {
        const option = element('option', { value, text });
        option.selected = value === chosen;
        return option;
      });
      const select = element('select', { id: `caption-${name}` }, options);
      select.addEventListener('change', () => {
        save({ [name]: select.value });
        applyStyle(video);
      });
      return element('label', { className: 'labelled' }, [element('span', { text: label }), select]);
    }),
    element('div', { className: 'dialog-actions' }, [button('Close', {}, close)]),
  ]);
}

/** The rules for `::cue` are in captions.css: what a page writes by itself, its policy forbids. */
function applyStyle(video) {
  for (const name of Object.keys(styles)) video.setAttribute(`data-cue-${name}`, styleOf(name));
}

function styleOf(name) {
  const value = read()[name];
  return Object.hasOwn(styles[name].choices, value ?? '') ? value : defaults[name];
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

function save(change) {
  try {
    localStorage.setItem(key, JSON.stringify({ ...read(), ...change }));
  } catch {
    // Some browsers keep nothing in private windows.
  }
}
