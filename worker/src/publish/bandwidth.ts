/** What BANDWIDTH and AVERAGE-BANDWIDTH are made from, in bits per second. */
export interface Bandwidth {
  peak: number;
  average: number;
}

/** A piece of a rendition: a segment, or the part of it that an I-frame playlist points at. */
export interface Piece {
  bytes: number;
  durationSeconds: number;
}

/**
 * Measured bit rates of one rendition as RFC 8216 section 4.3.4.2 defines them: the peak is the largest rate of any
 * run of segments that lasts between half and one and a half of the target duration. A film too short for such a run
 * is taken whole.
 */
export function measureBandwidth(pieces: readonly Piece[], targetSeconds: number): Bandwidth {
  let bytes = 0;
  let seconds = 0;
  let peak = 0;
  for (const [index, piece] of pieces.entries()) {
    bytes += piece.bytes;
    seconds += piece.durationSeconds;
    peak = Math.max(peak, peakFrom(pieces, index, targetSeconds));
  }
  const average = seconds > 0 ? (bytes * 8) / seconds : 0;
  return { peak: Math.ceil(Math.max(peak, average)), average: Math.ceil(average) };
}

function peakFrom(pieces: readonly Piece[], first: number, targetSeconds: number): number {
  let bytes = 0;
  let seconds = 0;
  let peak = 0;
  for (let index = first; index < pieces.length; index++) {
    const piece = pieces[index] as Piece;
    bytes += piece.bytes;
    seconds += piece.durationSeconds;
    if (seconds > 1.5 * targetSeconds) break;
    if (seconds >= 0.5 * targetSeconds) peak = Math.max(peak, (bytes * 8) / seconds);
  }
  return peak;
}

/** What two renditions played together can need at once. */
export function together(a: Bandwidth, b: Bandwidth | undefined): Bandwidth {
  return { peak: a.peak + (b?.peak ?? 0), average: a.average + (b?.average ?? 0) };
}

/** The most demanding of each, e.g. of the members of an audio group. */
export function most(all: readonly Bandwidth[]): Bandwidth | undefined {
  if (all.length === 0) return undefined;
  return {
    peak: Math.max(...all.map(({ peak }) => peak)),
    average: Math.max(...all.map(({ average }) => average)),
  };
}
