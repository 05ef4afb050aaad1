import { byId } from '../elements.js';
import { EvenLoudness } from './loudness.js';
import { ChoiceMenu } from './menu.js';

/**
 * The menu of audio: its tracks, and whether films are played equally loud. Where the browser plays HLS itself it has a menu of its
 * own, and Web Audio gets silence (WebKit).
 * @param hls undefined where the browser plays HLS itself
 * @returns takes the renditions of the film, once they are known
 */
export function wireAudio(hls, video, signal) {
  if (!hls) return () => undefined;
  const { Events } = window.Hls;
  const menu = new ChoiceMenu(byId('tracks'), signal);
  const even = window.AudioContext && new EvenLoudness(video, signal);
  let renditions = [];
  const show = () => {
    const playing = renditionOf(hls, renditions);
    even?.setTrack(playing?.loudness);
    const tracks = hls.audioTracks.map((track, index) => ({
      label: track.name,
      note: track.lang ?? '',
      chosen: hls.audioTrack === index,
      choose: () => {
        hls.audioTrack = index;
        show();
      },
    }));
    const choices = tracks.length > 1 ? tracks : [];
    menu.show(
      even && renditions.some(isMeasured) ? [...choices, evenItem(even, playing, show)] : choices,
      choices.find(({ chosen }) => chosen)?.label ?? '',
    );
  };
  for (const event of [Events.MANIFEST_PARSED, Events.AUDIO_TRACKS_UPDATED, Events.AUDIO_TRACK_SWITCHED])
    hls.on(event, show);
  return (known) => {
    renditions = known;
    show();
  };
}

function isMeasured({ loudness }) {
  return loudness?.integratedLufs !== undefined;
}

function evenItem(even, playing, show) {
  return {
    label: 'Even loudness',
    note: playing && isMeasured(playing) ? decibels(even.gainDb) : '',
    chosen: even.isOn,
    isSwitch: true,
    choose: () => {
      even.toggle();
      show();
    },
  };
}

function decibels(value) {
  const rounded = Math.round(value);
  return `${rounded > 0 ? '+' : rounded < 0 ? '−' : ''}${Math.abs(rounded)} dB`;
}

/** Of the audio that plays. Films of audio alone have no tracks beside their levels. */
function renditionOf(hls, renditions) {
  const audio = renditions.filter(({ kind }) => kind === 'audio');
  const url = hls.audioTracks[hls.audioTrack]?.url;
  const named = audio.find(({ playlist }) => playlist && new URL(playlist, location.href).href === url);
  return named ?? (audio.length === 1 ? audio[0] : undefined);
}
