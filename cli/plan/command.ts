import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { pricedRegion } from '../../tools/cost/prices.ts';
import { RefusedError } from '../../worker/src/errors.ts';
import { type AssetSource, bucketAssets } from '../../worker/src/overlays/assets.ts';
import { defaultQuality } from '../../worker/src/plan/quality.ts';
import type { Media } from '../../worker/src/probe/media.ts';
import { UnknownPresetError, withPreset } from '../../worker/src/protocol/presets.ts';
import type { Store } from '../../worker/src/storage/store.ts';
import { UserError } from '../errors.ts';
import { type FarmAddress, NoFarmError } from '../farm/address.ts';
import { openBucket } from '../farm/buckets.ts';
import { readDeployed } from '../farm/deployed.ts';
import { connect } from '../farm/farm.ts';
import { type Answers, type CommonOptions, chosenFarm, farmCommand, here, runCommand } from '../farm/run.ts';
import { readClipName } from '../submit/clip-names.ts';
import { addFilmOptions } from '../submit/film-options.ts';
import { type JobOptionFlags, readJobOptions } from '../submit/job-options.ts';
import { printable, styleFor } from '../text/style.ts';
import { terminalColumns } from '../text/wrap.ts';
import { choicesOf } from './choices.ts';
import { estimate } from './estimate.ts';
import { openFilm } from './film.ts';
import { folderAssets } from './folder-assets.ts';
import type { FrameRequest } from './frame.ts';
import { type Machine, machineName, machineOf, machineOfDeployed, thisMachine } from './machine.ts';
import { type ClipToPlan, planFilm } from './make.ts';
import { planSettings } from './settings.ts';
import { spotPriceOf } from './spot-price.ts';
import { planLines } from './text.ts';
import { environmentOn, waysOf } from './ways.ts';
import { estimateWebm } from './webm.ts';

type PlanOptions = CommonOptions &
  JobOptionFlags & {
    compute?: 'fargate' | 'gpu' | 'function';
    instanceType?: string;
    frame?: string;
    frameFile?: string;
    assets?: string;
    views?: string;
  };

/** `farm plan`: what would be made of a film. */
export function planCommand(): Command {
  const command = farmCommand('plan')
    .argument(
      '<films...>',
      'a file on this machine, a key in the source bucket, s3://BUCKET/KEY, or an http(s) URL, with #t=FROM,TO for a stretch of it; several are joined',
    )
    .addOption(
      new Option(
        '--compute <compute>',
        "instead of the farm's own, with the settings that farms begin with",
      ).choices(['fargate', 'gpu', 'function']),
    )
    .option('--instance-type <type>', 'with --compute gpu, such as g4dn.xlarge')
    .option(
      '--views <number>',
      'how often the film will be watched: shows what each preset and quality costs',
    )
    .option('--frame <seconds>', 'make a file of the frame at this time, with its overlays')
    .option('--frame-file <file>', 'where to, a .png or .jpg; by default frame.png here')
    .option(
      '--assets <folder>',
      "images and fonts of overlays come from here; by default from the farm's source bucket, or the current folder without a farm",
    );
  return addFilmOptions(command).action((names: string[], options: PlanOptions) =>
    runCommand(options, (answers) => plan(names, options, answers)),
  );
}

async function plan(names: string[], flags: PlanOptions, { stop, say, answer }: Answers): Promise<void> {
  const { options: given = {} } = readJobOptions(flags);
  const frame = frameOf(flags);
  const views = viewsOf(flags);
  const { address, machine, environment } = await findMachine(flags);
  const settings = planSettings(environment);
  const options = presetOptions(given, settings.presets);
  const workers = options.workersPerFilm ?? settings.sharing.workersPerFilm;
  const opened: Store[] = [];
  const spotPrice =
    machine.kind === 'gpu' && machine.markets.includes('spot')
      ? spotPriceOf(machine.instanceType, address?.region ?? pricedRegion)
      : undefined;
  try {
    const clips: ClipToPlan[] = [];
    for (const { name, ...range } of names.map(readClipName)) {
      const film = await openFilm(name, here(), address, (store) => opened.push(store));
      clips.push({ name, film, ...range });
    }
    const assets = assetsOf(flags, address, (store) => opened.push(store));
    const { media, plan, planOn } = await planFilm(clips, settings, options, machine, {
      assets,
      frame,
      signal: stop,
    });
    const expected = estimate(hardest(media), plan, machine, workers, await spotPrice);
    const outputs = options.outputs ?? settings.outputs;
    const webm = estimateWebm(hardest(media), plan, machine, {
      workers,
      outputs,
      spotPrice: expected?.spotPrice,
    });
    const choices =
      views === undefined
        ? undefined
        : choicesOf(hardest(media), plan, machine, {
            views,
            output: address?.outputStorage ?? 's3',
            quality: options.quality ?? settings.encoding.quality ?? defaultQuality,
          });
    const ways = waysOf(hardest(media), planOn, {
      own: machine,
      environment,
      workers: options.workersPerFilm,
      source: address?.sourceStorage ?? 's3',
      output: address?.outputStorage ?? 's3',
      spotPrice: await spotPrice,
    });
    const view = {
      names: names.map((name) => basename(name)),
      media,
      plan,
      machine: machineName(machine),
      estimate: expected,
      ways,
      webm,
      choices,
    };
    const { stdout } = process;
    const columns = terminalColumns(stdout) ?? Number.POSITIVE_INFINITY;
    for (const line of planLines(view, styleFor(stdout), columns)) say(line);
    if (frame) say(`frame      ${frame.path}`);
    answer({
      film: clips.map(({ film }) => film.name).join(' + '),
      // Of several clips, the first.
      media: media[0],
      plan: { ...plan, parts: plan.parts.length },
      machine,
      estimate: expected ?? null,
      ways,
      ...(webm.length > 0 ? { webm } : {}),
      ...(choices ? { choices } : {}),
      ...(frame ? { frame: frame.path } : {}),
    });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const name = names.join(' + ');
    if (error.code === 'source-missing' && names.length === 1 && !/^(s3|https?):/i.test(name)) {
      throw new UserError(`${name} is neither a file here nor an object in bucket ${address?.sourceBucket}.`);
    }
    say(`${styleFor(process.stdout).bad('refused')}    [${error.code}] ${printable(error.message)}`);
    answer({ film: name, refused: { code: error.code, message: error.message } });
    process.exitCode = 2;
  } finally {
    for (const store of opened) store.close();
  }
}

function frameOf({ frame, frameFile = 'frame.png' }: PlanOptions): FrameRequest | undefined {
  if (frame === undefined) return undefined;
  const atSeconds = Number(frame);
  if (frame.trim() === '' || !(atSeconds >= 0) || !Number.isFinite(atSeconds)) {
    throw new UserError(
      `--frame: ${JSON.stringify(frame)} is not a time. Use seconds from the film's start, such as 3.5.`,
    );
  }
  if (!/\.(png|jpg)$/i.test(frameFile)) {
    throw new UserError(`--frame-file: ${frameFile} is not a picture. Use a name that ends in .png or .jpg.`);
  }
  return { atSeconds, path: resolve(here(), frameFile) };
}

function viewsOf({ views }: PlanOptions): number | undefined {
  if (views === undefined) return undefined;
  if (/^\d{1,12}$/.test(views)) return Number(views);
  throw new UserError(
    `--views: ${JSON.stringify(views)} is not a number of views. Use a whole number, such as 100.`,
  );
}

function presetOptions(
  options: Parameters<typeof withPreset>[0],
  presets: Parameters<typeof withPreset>[1],
): ReturnType<typeof withPreset> {
  try {
    return withPreset(options, presets);
  } catch (error) {
    if (!(error instanceof UnknownPresetError)) throw error;
    throw new UserError(`${JSON.stringify(options.preset)} ${error.message}.`);
  }
}

/** Where the images and fonts of overlays are. */
function assetsOf(
  { assets }: PlanOptions,
  address: FarmAddress | undefined,
  keep: (store: Store) => void,
): AssetSource {
  if (assets !== undefined || address === undefined) return folderAssets(resolve(here(), assets ?? '.'));
  const store = openBucket(address, 'source', address.sourceBucket);
  keep(store);
  return bucketAssets(store);
}

/** Of clips, the largest picture: an estimate is better a little long. */
function hardest(media: readonly Media[]): Media {
  const pixels = ({ video }: Media) => (video ? video.width * video.height : 0);
  return media.reduce((largest, each) => (pixels(each) > pixels(largest) ? each : largest));
}

/** What the film would be made on, and with which settings: by the flags, or as the farm is deployed. */
async function findMachine(
  flags: PlanOptions,
): Promise<{ address?: FarmAddress; machine: Machine; environment: Record<string, string> }> {
  if (flags.compute !== undefined) {
    const machine = machineOf(flags.compute, flags.instanceType);
    const address = await chosenFarm(flags).catch((error: unknown) => {
      if (error instanceof NoFarmError) return undefined;
      throw error;
    });
    return { address, machine, environment: environmentOn(machine) };
  }
  if (flags.instanceType !== undefined) throw new UserError('--instance-type goes with --compute gpu.');
  const address = await chosenFarm(flags).catch((error: unknown) => {
    if (!(error instanceof NoFarmError)) throw error;
    throw new UserError(`${error.message} Or say what to plan for: --compute fargate, gpu or function.`);
  });
  if (address.local) return { address, machine: thisMachine, environment: {} };
  const farm = connect(address);
  try {
    const deployed = await readDeployed(farm, address);
    if (deployed === undefined) {
      throw new UserError(
        'The outputs of this farm name no service, so its compute is unknown. Save them again, or say it: --compute fargate, gpu or function.',
      );
    }
    return { address, machine: machineOfDeployed(deployed), environment: deployed.environment };
  } finally {
    farm.close();
  }
}
