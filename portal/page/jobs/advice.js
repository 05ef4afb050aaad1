/** What a person can do about a failure, by the codes of docs/jobs.md. */
const advice = {
  cancelled:
    'It was stopped before it was done, and its parts were deleted. “Try again” makes it from the start.',
  'clear-files': 'Send it for its stream alone, or without encryption.',
  damaged: 'Export the film again from where it was made, or play it to its end to see where it breaks.',
  encrypted: 'The film has copy protection. Send a version without it.',
  'dolby-vision': 'Export it as HDR10, HLG or SDR: no player of the web shows this kind of Dolby Vision.',
  'gif-too-long': 'GIFs are made of films of up to 15 seconds. Ask for an MP4.',
  'no-audio': 'The film has no sound. Ask for the stream or an MP4.',
  'no-decoder': 'Export it in a common format, such as H.264, HEVC or ProRes.',
  'no-duration': 'The upload was probably cut off. Upload the film again.',
  'short-source': 'The upload was probably cut off. Upload the film again.',
  'source-archived': 'Restore it from the archive, then try again.',
  'source-empty': 'The file has no content. Upload the film again.',
  'source-missing': 'The original was deleted or moved. Upload it again.',
  'source-ranges':
    'The server of this address can’t send parts of a file. Download the film, and upload it here.',
  'source-replaced': 'A newer file took its place, which has a job of its own.',
  'too-long': 'Cut it into several films, or raise the farm’s limit.',
  'too-many-pixels': 'Export it smaller: up to 36 million pixels a frame.',
  'too-small': 'The picture is too small to encode. Export it larger.',
  trouble: 'The storage, the network or a worker had trouble, several times. Try again.',
  'workers-lost':
    'Every worker that took it was lost. If it happens again, the workers may need more memory.',
};

const notAFilm = 'Documents, pictures and projects of editors are not films.';

/** @returns a sentence, or undefined where the message says it all */
export function adviceFor(code) {
  if (/^(not-media|no-streams|no-frames)$/.test(code)) return notAFilm;
  return Object.hasOwn(advice, code) ? advice[code] : undefined;
}
