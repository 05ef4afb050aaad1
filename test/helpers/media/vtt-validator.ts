import parser from 'webvtt-parser';

/** HLS wants this line right below the first one (RFC 8216, 3.5), where WebVTT itself has an empty line. */
const timestampMap = /^(WEBVTT\n)X-TIMESTAMP-MAP=LOCAL:00:00:00\.000,MPEGTS:\d+\n/;

/** @returns what the validator of W3C finds wrong with a WebVTT file */
export function vttProblems(text: string): string[] {
  const { errors } = new parser.WebVTTParser().parse(text.replace(timestampMap, '$1'), 'subtitles');
  return errors.map(({ message, line }) => `line ${line}: ${message}`);
}
