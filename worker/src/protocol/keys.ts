/**
 * Names of what a job publishes, below the output prefix:
 *
 *     <job id>/index.m3u8                   the commit
 *     <job id>/status.json
 *     <job id>/<plan>/1080p/00042.m4s       segments, init segment and media playlist of a rendition
 *     <job id>/<plan>/parts/0003.json       what part 3 made
 *     <job id>/<plan>/film.json             what was asked for and what it became
 *     <job id>/<plan>/poster.jpg, storyboard.vtt, storyboard/0003-1.jpg
 */
export const commitName = 'index.m3u8';

export function jobFolder(outputPrefix: string, jobId: string): string {
  return `${outputPrefix}${jobId}/`;
}

export function planFolder(outputPrefix: string, jobId: string, planId: string): string {
  return `${jobFolder(outputPrefix, jobId)}${planId}/`;
}

/** @param folder the plan's */
export function partRecordKey(folder: string, index: number): string {
  return `${folder}parts/${String(index).padStart(4, '0')}.json`;
}

/** Below the plan's folder: what was asked for and what it became. */
export const filmRecordName = 'film.json';
