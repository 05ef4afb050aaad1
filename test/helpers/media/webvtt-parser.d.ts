/** The package has no types. */
declare module 'webvtt-parser' {
  class WebVTTParser {
    parse(text: string, mode: 'subtitles'): { errors: { message: string; line: number }[] };
  }
  const parser: { WebVTTParser: typeof WebVTTParser };
  export default parser;
}
