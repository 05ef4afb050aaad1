import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import type { Part, Plan, VideoPart } from '../../plan/plan.ts';
import { headersFor } from '../../protocol/content-types.ts';
import type { PlanFolder } from '../../protocol/job-folder.ts';
import type { PartRecord } from '../../protocol/part-record.ts';
import { minPauseSeconds, pacedSeconds } from '../../publish/early-pace.ts';
import {
  type EarlyRendition,
  earlyMediaPlaylist,
  earlyMultivariantPlaylist,
  earlyTarget,
  joinEarly,
  type MadePart,
  prefixSeconds,
  readEarlyPlaylist,
  segmentsUpTo,
} from '../../publish/early-playlists.ts';
import type { Store } from '../../storage/store.ts';
import { HeldLeases } from '../session/held-leases.ts';
import { MadeSegments } from '../session/made-segments.ts';
import { EarlyParts } from './early-parts.ts';
import { Outset } from './outset.ts';

/** A part's record waits no longer than this for a write that is under way. */
const stopMs = 3000;

/** A playlist that can't be written in this time is written again. */
const writeMs = 10_000;

/** By a worker that does not write, at whether the one that does is lost. */
const looksPerLease = 4;

/** A lease is renewed twice in its time: one that says nothing new for this share of it may be a lost worker's. */
const quietShare = 0.75;

/** @param playedSeconds how far a player can be */
type OnQuiet = (parts: readonly Part[], playedSeconds: number) => void;

export interface EarlyWriterOptions {
  plan: Plan;
  folder: PlanFolder;
  output: Store;
  /** Names this run of the worker, and the message that it holds. */
  owner: string;
  messageId: string;
  leaseSeconds: number;
  /** Called when players can begin, and then again from time to time. */
  onPlayable: () => void;
  log: Logger;
  signal: AbortSignal;
  random?: () => number;
}

/**
 * Writes the playlists by which a film is played while it is made. Of several workers one does, the one with the lease, and only
 * while it has a part in hand that is not recorded yet: so none writes when the film may have been published, and whoever
 * publishes it writes the last version.
 */
export class EarlyWriter {
  readonly #options: EarlyWriterOptions;
  readonly #made: MadeSegments;
  readonly #leases: HeldLeases;
  readonly #targetSeconds: number;
  readonly #inHand = new Set<number>();
  #parts: EarlyParts | undefined;
  #isShared = false;
  #onQuiet: OnQuiet = () => {};
  #running: { stop: AbortController; ended: Promise<void> } | undefined;
  /** The last version of each playlist. */
  readonly #written = new Map<string, { etag: string; text: string }>();
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #listedSeconds = 0;
  /** When the film could be played, by this process's steady clock. */
  #offeredAtMs: number | undefined;
  #isEnded = false;
  #needsRead = true;
  readonly #outset: Outset;
  #startPrefixSeconds: number | undefined;
  /** The lease as another worker wrote it, and since when it is that. */
  #seen: { etag: string; sinceMs: number } | undefined;

  constructor(options: EarlyWriterOptions) {
    this.#options = options;
    this.#made = new MadeSegments(options.plan);
    this.#targetSeconds = earlyTarget(options.plan);
    this.#outset = new Outset(options.plan.segmentSeconds);
    this.#leases = new HeldLeases({
      ...options,
      progressOf: () => undefined,
      onLost: () => {
        this.#needsRead = true;
      },
    });
  }

  get made(): MadeSegments {
    return this.#made;
  }

  /**
   * The session is known: whether other workers may be on the film.
   * @param onQuiet called with parts that players come to next, when it may be that no worker makes them any more
   */
  open(isShared: boolean, onQuiet: OnQuiet = () => {}): void {
    const { plan, folder, output } = this.#options;
    this.#isShared = isShared;
    this.#onQuiet = onQuiet;
    const lookSeconds = minPauseSeconds(this.#targetSeconds);
    this.#parts = new EarlyParts({ plan, folder, output, made: this.#made, isShared, lookSeconds });
  }

  begun({ index }: Part): void {
    this.#inHand.add(index);
    this.#outset.begun(performance.now());
    if (this.#running !== undefined) return;
    const stop = new AbortController();
    const either = AbortSignal.any([stop.signal, this.#options.signal]);
    this.#running = { stop, ended: this.#run(either).catch(() => {}) };
  }

  /** The part is given back, as this worker makes another one first. */
  dropped({ index }: Part): void {
    this.#inHand.delete(index);
  }

  /** @param seconds of the part that are encoded */
  encoded(part: VideoPart, seconds: number): void {
    this.#outset.encoded(part, seconds, performance.now());
  }

  /** About how long until players can begin; undefined where they can, and where that isn't known. */
  playableInSeconds(): number | undefined {
    return this.#offeredAtMs === undefined ? this.#outset.playableInSeconds(performance.now()) : undefined;
  }

  /** Before a part's record is written: with the last of them this worker writes no more. */
  async recording({ index }: Part): Promise<void> {
    this.#inHand.delete(index);
    if (this.#inHand.size === 0) await this.#stop();
  }

  recorded(record: PartRecord): void {
    this.#parts?.add(record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const { log } = this.#options;
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await Promise.race([running?.ended, sleep(stopMs, undefined, { ref: false })]);
    this.#needsRead = true;
    await this.#leases
      .releaseAll(AbortSignal.timeout(stopMs))
      .catch((error: unknown) => log.warn({ err: error }, 'could not release the lease of early play'));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log, random = Math.random } = this.#options;
    const pause = (seconds: number) =>
      sleep(seconds * 1000, undefined, { ref: false, signal }).catch(() => {});
    while (!signal.aborted && !this.#isEnded) {
      const { changed } = this.#made;
      try {
        if (await this.#holds(signal)) {
          if (this.#needsRead) await this.#read(signal);
          await this.#write(signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: error }, 'could not write the playlists of early play');
        await pause(minPauseSeconds(this.#targetSeconds));
      }
      if (this.#isWriter()) {
        const heldBackSeconds = this.#heldBackSeconds();
        // What came in this time is looked at afterwards.
        if (heldBackSeconds > 0) await pause(heldBackSeconds);
        else await Promise.race([pause(minPauseSeconds(this.#targetSeconds)), changed]);
      } else {
        // Hundreds of workers do not look at the same moment.
        await pause((this.#options.leaseSeconds / looksPerLease) * (0.5 + random()));
      }
    }
  }

  /** Until the playlists may be written again. */
  #heldBackSeconds(): number {
    const sinceSeconds = (performance.now() - this.#writtenAtMs) / 1000;
    return Math.max(0, minPauseSeconds(this.#targetSeconds) - sinceSeconds);
  }

  #isWriter(): boolean {
    return !this.#isShared || this.#leases.holds(this.#options.folder.earlyLease);
  }

  /** Whether this worker is the one that writes; takes the lease where no worker that lives has it. */
  async #holds(signal: AbortSignal): Promise<boolean> {
    if (this.#isWriter()) return true;
    const { folder, output } = this.#options;
    const key = folder.earlyLease;
    const etag = (await output.head(key, signal))?.etag;
    if (etag !== undefined && etag !== this.#seen?.etag) this.#seen = { etag, sinceMs: performance.now() };
    const isLive =
      etag !== undefined &&
      performance.now() - (this.#seen?.sinceMs ?? 0) < this.#options.leaseSeconds * 1000;
    if (isLive) return false;
    this.#needsRead = true;
    return this.#leases.acquire(key, etag, signal);
  }

  /** What an earlier writer has listed stays listed. */
  async #read(signal: AbortSignal): Promise<void> {
    const { folder, output, plan } = this.#options;
    this.#written.clear();
    const names = [...(plan.video?.renditions ?? []), ...plan.audio].map(({ name }) => name);
    const found = await Promise.all(
      names.map(async (name) => {
        const key = folder.earlyPlaylist(name);
        const etag = (await output.head(key, signal))?.etag;
        const text = etag === undefined ? undefined : (await output.get(key, signal))?.toString();
        if (etag === undefined || text === undefined) return undefined;
        this.#written.set(name, { etag, text });
        return readEarlyPlaylist(text);
      }),
    );
    const listed = found.map((each) => each?.durations.reduce((sum, seconds) => sum + seconds, 0) ?? 0);
    this.#listedSeconds = Math.max(this.#listedSeconds, ...listed);
    this.#isEnded = found.length > 0 && found.every((each) => each?.isEnded);
    if (this.#offeredAtMs === undefined && (await output.head(folder.earlyStream, signal)) !== undefined)
      this.#offeredAtMs = performance.now() - this.#listedSeconds * 1000;
    this.#needsRead = false;
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { plan, onPlayable } = this.#options;
    if (this.#offeredAtMs !== undefined) onPlayable();
    if (this.#isEnded || this.#parts === undefined) return;
    if (this.#heldBackSeconds() > 0) return;
    const parts = await this.#parts.now(this.#inHand, signal);
    const renditions = joinEarly(plan, parts, this.#targetSeconds);
    const prefix = prefixSeconds(plan, renditions);
    const nowMs = performance.now();
    const playedSeconds = (nowMs - (this.#offeredAtMs ?? nowMs)) / 1000;
    this.#sayQuiet(playedSeconds);
    this.#startPrefixSeconds ??= this.#prefixOfOthers(parts);
    const isFirst = this.#offeredAtMs === undefined;
    if (isFirst && !this.#outset.mayOffer(prefix, prefix - this.#startPrefixSeconds, nowMs)) return;
    const listed = pacedSeconds({
      prefixSeconds: prefix,
      listedSeconds: this.#listedSeconds,
      playedSeconds,
      targetSeconds: this.#targetSeconds,
    });
    if (listed <= this.#listedSeconds && !isFirst) return;
    const isWritten = await this.#put(renditions, listed, isFirst, signal);
    this.#listedSeconds = listed;
    if (isWritten) this.#writtenAtMs = performance.now();
    if (!isFirst) return;
    this.#offeredAtMs = nowMs;
    onPlayable();
  }

  #sayQuiet(playedSeconds: number): void {
    const { plan, leaseSeconds } = this.#options;
    const quiet = this.#parts?.quiet(leaseSeconds * quietShare) ?? [];
    const parts = plan.parts.filter(({ index }) => quiet.includes(index));
    if (parts.length > 0) this.#onQuiet(parts, playedSeconds);
  }

  /** Of a film that is taken up again, what was there before this worker began. */
  #prefixOfOthers(parts: ReadonlyMap<number, MadePart>): number {
    const { plan } = this.#options;
    const others = new Map([...parts].filter(([part]) => !this.#inHand.has(part)));
    return prefixSeconds(plan, joinEarly(plan, others, this.#targetSeconds));
  }

  /** @returns whether any playlist has changed */
  async #put(
    renditions: readonly EarlyRendition[],
    untilSeconds: number,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { plan, folder, output } = this.#options;
    const targetSeconds = this.#targetSeconds;
    const either = AbortSignal.any([signal, AbortSignal.timeout(writeMs)]);
    const options = { ...headersFor('index.m3u8'), cacheControl: 'no-cache', signal: either };
    const written = await Promise.all(
      renditions.map(async (rendition) => {
        const { name } = rendition;
        const before = this.#written.get(name);
        const count = segmentsUpTo(rendition, untilSeconds);
        const text = earlyMediaPlaylist(plan, rendition, { count, targetSeconds });
        // A player that has seen a segment listed must find it again.
        const isShorter = count < (before ? readEarlyPlaylist(before.text).durations.length : 0);
        if (isShorter || text === before?.text) return false;
        const condition =
          before === undefined
            ? ({ kind: 'absent' } as const)
            : ({ kind: 'unchanged', etag: before.etag } as const);
        const outcome = await output.putIf(folder.earlyPlaylist(name), text, condition, options);
        if (outcome.kind === 'written') this.#written.set(name, { etag: outcome.etag, text });
        else this.#needsRead = true;
        return true;
      }),
    );
    if (this.#needsRead) throw new Error('another worker has written them');
    if (!isFirst) return written.includes(true);
    await output.put(folder.earlyStream, earlyMultivariantPlaylist(plan, renditions), options);
    return true;
  }
}
