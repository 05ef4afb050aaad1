import { byId } from '../elements.js';
import { ChoiceMenu } from './menu.js';

const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/** How fast the film plays; sound keeps its pitch. @returns changes to the next speed, `1` up or `-1` down */
export function wireSpeed(video, signal) {
  const menu = new ChoiceMenu(byId('speeds'), signal);
  const show = () => {
    const items = speeds.map((speed) => ({
      label: `${speed}×`,
      note: speed === 1 ? 'Normal' : '',
      chosen: video.playbackRate === speed,
      choose: () => {
        video.playbackRate = speed;
      },
    }));
    menu.show(items, video.playbackRate === 1 ? '' : `${video.playbackRate}×`);
  };
  video.addEventListener('ratechange', show);
  show();
  return (step) => {
    const at = speeds.findLastIndex((speed) => speed <= video.playbackRate);
    video.playbackRate = speeds[Math.min(Math.max(at + step, 0), speeds.length - 1)];
  };
}
