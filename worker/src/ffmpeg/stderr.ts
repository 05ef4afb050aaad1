/** ffmpeg's closing words: what follows from an error that was said before. */
const consequence =
  /Task finished with error|Terminating thread|Nothing was written into|Conversion failed|Error marking filters|Last message repeated|Exiting/;

/** Decoders of covers and other attached pictures, which no film is made of. */
const attachment = /^\[(png|apng|mjpeg|gif|bmp|webp|tiff|jpegxl|svg) @ /;

/**
 * Lines about streams that are left out anyway, those that repeat others, and what H.264 says behind a seek into an open GOP: a
 * picture that was never decoded is to be forgotten. Where one is missing that is shown, there are other lines.
 */
const harmless =
  /exceeds max_streams|Could not find codec parameters|Consider increasing the value|mmco: unref \w+ failure|^\s*$/;

/** Whether a line of ffmpeg's standard error reports damage in the film that is encoded. */
export function tellsDamage(line: string): boolean {
  return !attachment.test(line) && !harmless.test(line) && !consequence.test(line);
}

/** The line that says why ffmpeg failed, without addresses in memory or on loopback. */
export function causeIn(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find(tellsDamage) ?? lines[0];
  return line
    ?.replace(/^(\[[^\]]*\]\s*)+/, '')
    .replace(/https?:\/\/127\.0\.0\.1:\d+\/\S*?(?=:?(\s|$))/g, 'the film')
    .trim();
}
