/**
 * Runs in a page that plays a film, before its own scripts: shows what frames of the film look like, and notes what a viewer would
 * notice. `player-page.ts` is what tests see of it.
 */
(() => {
  // A cell of the pattern is four pixels wide.
  const [width, height] = [48, 27];
  const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const troubles = [];
  let player;

  // The page puts the player here in the moment in which hls.js was given the film, and before it asks for anything; where
  // something else plays it, the video alone.
  Object.defineProperty(window, 'player', {
    get: () => player,
    set: (value) => {
      player = value;
      const { hls, video } = player;
      hls?.on(window.Hls.Events.ERROR, (_, { details }) => {
        // A download that a seek or another quality has made needless.
        if (details !== window.Hls.ErrorDetails.INTERNAL_ABORTED) troubles.push(`hls.js reports ${details}`);
      });
      video.addEventListener('error', () => troubles.push(`the browser reports ${video.error.message}`));
      // Where all is there, the decoder waits for the processor.
      video.addEventListener('waiting', () => {
        const { paused, currentTime } = video;
        if (!paused && bufferedEnd(currentTime) === 0) troubles.push(`nothing to play at ${currentTime} s`);
      });
      // hls.js seeks over a hole by itself; the tests seek only while the film stands.
      video.addEventListener('seeking', () => {
        if (!video.paused) troubles.push(`a jump to ${video.currentTime} s`);
      });
    },
  });

  const look = ({ mediaTime, height: lines }) => {
    canvas.drawImage(player.video, 0, 0, width, height);
    const { data } = canvas.getImageData(0, 0, width, height);
    const rgb = data.filter((_, index) => index % 4 < 3);
    return { seconds: mediaTime, lines, width, height, rgb: btoa(String.fromCharCode(...rgb)) };
  };

  /** Stands still there. @returns the frame that is shown; where none is within ten seconds, it fails and says why */
  const frameAt = (seconds, frameSeconds) =>
    new Promise((resolve, reject) => {
      const { video } = player;
      let last = 'none';
      const timer = setTimeout(
        () => reject(new Error(`no frame at ${seconds} s; ${state()}; last ${last}`)),
        10_000,
      );
      const onFrame = (_, frame) => {
        last = `${frame.mediaTime} s`;
        // The one from before the seek may come first.
        if (Math.abs(frame.mediaTime - seconds) >= frameSeconds) {
          video.requestVideoFrameCallback(onFrame);
          return;
        }
        clearTimeout(timer);
        resolve(look(frame));
      };
      video.pause();
      video.requestVideoFrameCallback(onFrame);
      video.currentTime = seconds;
    });

  /** Plays from where it stands. @returns the frames that were shown, and for how long the clock stood still at most */
  const playTo = (seconds) =>
    new Promise((resolve, reject) => {
      const { video } = player;
      const frames = [];
      let last = { seconds: video.currentTime, at: performance.now() };
      let longestHaltMs = 0;
      const onFrame = (_, frame) => {
        if (video.paused) return;
        frames.push(look(frame));
        video.requestVideoFrameCallback(onFrame);
      };
      const timer = setInterval(() => {
        const now = performance.now();
        if (video.currentTime !== last.seconds) last = { seconds: video.currentTime, at: now };
        else longestHaltMs = Math.max(longestHaltMs, now - last.at);
        const isStuck = now - last.at > 20_000;
        if (video.currentTime < seconds && !isStuck) return;
        clearInterval(timer);
        video.pause();
        if (isStuck) reject(new Error(`the film stands still: ${state()}`));
        else resolve({ frames, longestHaltMs });
      }, 20);
      video.requestVideoFrameCallback(onFrame);
      video.play().catch(reject);
    });

  /** Until when picture and sound are there without a gap from this time on; 0 where one of them is not. */
  const bufferedEnd = (seconds) => {
    const ranges = player.video.buffered;
    const ends = Array.from({ length: ranges.length }, (_, n) =>
      ranges.start(n) <= seconds && seconds < ranges.end(n) ? ranges.end(n) : 0,
    );
    return Math.max(0, ...ends);
  };

  /** What the player has, for errors. */
  const state = () => {
    const { buffered, currentTime, readyState, seeking } = player.video;
    const ranges = Array.from(
      { length: buffered.length },
      (_, n) => `${buffered.start(n)} to ${buffered.end(n)} s`,
    );
    const levels =
      player.hls && `levels ${player.hls.currentLevel}, ${player.hls.loadLevel}, ${player.hls.nextLevel}`;
    return [`at ${currentTime} s`, `ready ${readyState}`, `seeking ${seeking}`, `has ${ranges}`, levels].join(
      ', ',
    );
  };

  window.probe = { troubles, frameAt, playTo, bufferedEnd };
})();
