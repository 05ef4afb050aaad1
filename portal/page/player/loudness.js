/** As streams mostly are; what was made as loud as that (`loudness` of the farm or the job) stays as it is. */
const targetLufs = -16;
/** Peaks stay below, so that nothing has to be limited. */
const maxPeakDbtp = -1;
const key = 'transcode-farm-even-loudness';
/** The gain goes there smoothly, without a click. */
const smoothSeconds = 0.05;

/** By how much a track is made louder or softer, in decibels: one number, so that its dynamics stay. */
export function evenGainDb({ integratedLufs, truePeakDbtp } = {}) {
  if (integratedLufs === undefined) return 0;
  const wanted = targetLufs - integratedLufs;
  return wanted <= 0 ? wanted : Math.min(wanted, Math.max(maxPeakDbtp - truePeakDbtp, 0));
}

/**
 * Plays films equally loud, by what was measured of them. Nothing goes through Web Audio until a viewer wants it: then the audio of
 * the element does for good.
 */
export class EvenLoudness {
  #video;
  #signal;
  #gain;
  #gainDb = 0;
  #isOn = read();

  constructor(video, signal) {
    this.#video = video;
    this.#signal = signal;
    // Browsers let audio begin after a click or a key alone.
    video.addEventListener('play', () => this.#apply());
  }

  get isOn() {
    return this.#isOn;
  }

  get gainDb() {
    return this.#gainDb;
  }

  toggle() {
    this.#isOn = !this.#isOn;
    save(this.#isOn);
    this.#apply();
  }

  /** @param loudness of the track that plays; undefined where it is not known */
  setTrack(loudness) {
    this.#gainDb = evenGainDb(loudness);
    this.#apply();
  }

  #apply() {
    if (this.#gain === undefined && (!this.#isOn || this.#video.paused)) return;
    this.#gain ??= this.#open();
    const { context, gain } = this.#gain;
    void context.resume();
    const factor = this.#isOn ? 10 ** (this.#gainDb / 20) : 1;
    gain.setTargetAtTime(factor, context.currentTime, smoothSeconds);
  }

  #open() {
    const context = new AudioContext();
    const node = context.createGain();
    context.createMediaElementSource(this.#video).connect(node).connect(context.destination);
    this.#signal.addEventListener('abort', () => void context.close());
    return { context, gain: node.gain };
  }
}

function read() {
  try {
    return localStorage.getItem(key) === 'on';
  } catch {
    return false;
  }
}

function save(isOn) {
  try {
    localStorage.setItem(key, isOn ? 'on' : 'off');
  } catch {
    // Some browsers keep nothing in private windows.
  }
}
