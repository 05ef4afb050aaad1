import type { Command } from 'commander';
import { encryptionNames } from '../../worker/src/plan/encryption.ts';
import { ladderNames } from '../../worker/src/plan/ladder.ts';
import { qualityNames } from '../../worker/src/plan/quality.ts';

export const outputsHelp =
  'what to make, such as hls,mp4:720p: hls, mp4, webm, m4a, mp3, flac and gif; a rung may follow mp4, webm and gif';

export function splitList(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** Flags of a job that shape its film; `readJobOptions` validates them. */
export function addFilmOptions(command: Command): Command {
  return command
    .option('--include-480p', '480p in the place of 540p in a named ladder')
    .option('--quality <quality>', `${qualityNames.join(', ')}: how good the film looks, whatever the preset`)
    .option('--expected-views <number>', 'how often the film will be watched: chooses the preset that pays')
    .option('--measure <metric>', 'vmaf: the published film is compared with its source; or off')
    .option('--min-vmaf <vmaf>', 'with --measure: a film whose VMAF is lower gets a warning')
    .option('--ladder <ladder>', `${ladderNames.join(', ')}, or a JSON list such as [{"rung":"720p"}]`)
    .option('--loudness <lufs>', 'how loud the audio is to be, in LUFS such as -16, or off')
    .option(
      '--music <source>',
      'a track under the film: a key in the source bucket, or a URL where the farm allows it',
    )
    .option(
      '--music-volume <volume>',
      '0 to 1; 1 (the default) is as loud as in its file, 0.5 is 6 dB softer',
    )
    .option('--music-duck <volume>', "its volume while the film's own sound is heard")
    .option('--encryption <method>', `${encryptionNames.join(', ')}: whether segments are encrypted`)
    .option('--early', 'the film can be played while it is made, if it is made faster than it plays')
    .option('--options <file>', 'a JSON file of job options, such as overlays; flags come before it')
    .option('--preset <name>', 'a set of options that the farm keeps under this name')
    .option('--outputs <list>', `${outputsHelp} (by default what the farm makes)`, splitList)
    .option(
      '--size <size>',
      'of joined clips: the picture, such as 1280x720 (by default the size of the first)',
    )
    .option('--fit <fit>', 'of joined clips: pad those of another shape with black, or crop them')
    .option('--crossfade <seconds>', 'of joined clips: how long each takes to become the next one')
    .option('--segment-seconds <seconds>', 'length of a media segment')
    .option('--thumbnail-at <place>', 'where the poster is taken: seconds, or a share such as 10%')
    .option('--workers <number>', 'how many workers may make the film together, 1 to 1000');
}
