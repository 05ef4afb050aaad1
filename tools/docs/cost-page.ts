import { paidByPrice, total } from '../cost/charge.ts';
import { table, usd } from '../cost/markdown.ts';
import { presetFigures } from '../cost/preset-section.ts';
import { priceTable } from '../cost/price-table.ts';
import { pricedRegion, priceOf, prices, pricesDate } from '../cost/prices.ts';
import { type CostReport, costReport } from '../cost/report.ts';
import { cheapestOf, details, summary } from '../cost/sections.ts';
import { farmWay, mediaConvertWay, services, servicesTable } from '../cost/services.ts';
import { webmFigures } from '../cost/webm-section.ts';
import { stackFiles } from '../program-run/stacks.ts';
import { type FilmOnStack, type FilmSpread, filmOnStack, filmSpread, seed } from '../simulation/lone-film.ts';
import { duration } from '../simulation/table.ts';

const list = new Intl.ListFormat('en');

/** The stack that the page shows in full. */
const shown = 'Pulumi.prod.yaml';

const functions = 'Pulumi.function.yaml';

/** NVENC's presets were not measured. */
const shownForPresets = 'Pulumi.dev.yaml';

/** docs/cost.md: every stack file in a line, a comparison with services, one stack in full, and all prices. */
export async function costPage(): Promise<string> {
  const reports: CostReport[] = [];
  const films: (FilmOnStack & FilmSpread)[] = [];
  for (const file of stackFiles) {
    reports.push(await costReport(file));
    films.push({ ...(await filmOnStack(file, seed)), ...(await filmSpread(file, seed)) });
  }
  const report = found(reports.find(({ stack }) => stack === shown));
  const onCpus = found(reports.find(({ stack }) => stack === shownForPresets));
  return [
    introduction,
    `## A film of two hours\n\n${filmTable(films)}\n\n${filmNotes}`,
    `## Beside services\n\n${besideServices(reports, films)}`,
    `## Presets and qualities\n\nOf \`${shownForPresets}\`. ${presetFigures(onCpus, cheapestOf(onCpus.film.costs))}`,
    `## WebM beside the stream\n\n${webmFigures(reports)}`,
    `## Every stack file\n\n${summary(reports)}`,
    `${readings(reports)}\n${await laneReadings(reports)}`,
    `## ${shown}\n\n${details(report)}`,
    computation,
    whenNot(reports),
    `## Prices\n\nOf ${pricedRegion}, reviewed on ${pricesDate}. Sellers draw their price tables by script, so most figures were read elsewhere. "seller": the seller's own text or price list. "others": several public pages agree. "unconfirmed": one page, or a price that changes by the hour.\n\n${priceTable()}\n`,
  ].join('\n\n');
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('A stack file that the page names is missing.');
  return value;
}

const introduction = `# What it costs

<!-- Made by \`npm run docs\` from the program, tools/cost/ and tools/simulation/. Change it there. -->

\`\`\`sh
npm run cost                          # Pulumi.prod.yaml
npm run cost -- stacks/inbox.yaml     # another stack file, also one of your own
npm run cost -- --all --json
npm run bench -- scaling              # times, and what one film costs, simulated
\`\`\`

\`npm run cost\` runs the program without a cloud and prices what it registers. Every resource has a price or a stated reason why
it is free; a resource with neither is an error. So a change of the program changes this page. US dollars, list prices of
${pricedRegion}, without tax. Nothing on this page was billed by AWS: see "How the numbers are made".`;

function filmTable(films: readonly (FilmOnStack & FilmSpread)[]): string {
  const minutes = (value: number) => duration(value * 60);
  const rows = films.map(({ file, wholeMinutes, loneUsd, manyUsd, pessimistic, quickest, slowest }) => [
    `\`${file}\``,
    minutes(wholeMinutes.p50),
    minutes(wholeMinutes.p95),
    usd(loneUsd),
    usd(manyUsd),
    minutes(pessimistic.wholeMinutes.p95),
    usd(pessimistic.loneUsd),
    `${minutes(quickest.wholeMinutes.p50)} to ${minutes(slowest.wholeMinutes.p50)}`,
    fromTo([quickest.loneUsd, slowest.loneUsd]),
  ]);
  const heads = [
    ...['stack', 'whole, p50:', 'p95:', 'a lone film:', 'one of 30 in an hour:'],
    ...['capacity is short, p95:', 'a lone film then:', 'range of p50:', 'range of a lone film:'],
  ];
  return table(heads, rows);
}

const filmNotes = `1080p, 30 frames a second, the standard ladder, from an upload to a sleeping farm; simulated with each stack's own settings when
EC2 has capacity, and once more when it is short of it ("pessimistic" in [scaling.md](scaling.md#simulated)). With
[early play](jobs.md#early-play) a film that is made faster than it plays can be watched sooner: from its first segment on.

- *A lone film* pays for the machines from their order until they are gone: boot, work, and the wait before the farm sleeps. With
  \`onDemandBase: 1\` its first worker is On-Demand, whatever Spot costs. Where a worker always runs, its hours are in the idle month.
- *One of 30 in an hour* is a thirtieth of a busy afternoon.
- *Range*: no one has measured these speeds on AWS. GPU times assume half of NVENC's published limit; the range is a quarter to all of it.
  Times of Fargate and functions assume one core of the machine of [performance.md](performance.md) for each vCPU, and its film: the range
  is from 0.55 of that CPU time (real films that are easy to encode) to 1.6 times (a vCPU is a hyperthread).`;

function besideServices(reports: readonly CostReport[], films: readonly FilmOnStack[]): string {
  const reportOf = (file: string) => found(reports.find(({ stack }) => stack === file));
  const farm = (file: string) =>
    farmWay(reportOf(file), found(films.find((film) => film.file === file)).loneUsd);
  const first = reportOf(shown);
  const ways = [
    farm('Pulumi.dev.yaml'),
    farm('stacks/movie-site.yaml'),
    mediaConvertWay(first),
    ...services(first),
  ];
  return `A month, with a year's films stored. Films of two hours; each is watched to its end the number of times that the column names, at 3 Mb/s on average.

${servicesTable(ways)}

Each film is priced as a lone one. What to read in it:

- Services that encode for free are cheaper while there are few films and few views.
- This farm with R2 is cheapest where many films are watched often: R2 does not charge for delivery.
- MediaConvert charges for every film, and its films are stored and delivered at the same prices as this farm's.
- api.video encodes for free too (https://api.video/blog/product-updates/video-encoding-numbers/, September 2023); its rates of storage and
  delivery were not found in any text, so it has no line.`;
}

const sleeping = ({ farm }: CostReport) => farm.minTasks === 0;

function fromTo(amounts: readonly number[]): string {
  const [least, most] = [usd(Math.min(...amounts)), usd(Math.max(...amounts))];
  return least === most ? least : `${least} to ${most}`;
}

/** What always runs for a portal in containers. */
function standingPortal({ idle }: CostReport): number {
  return total(
    idle.resources
      .filter(({ type, name }) => /^aws:(lb|ecs)\//.test(type) && /-(web|portal)$/.test(name))
      .flatMap(({ charges }) => charges),
  );
}

function withoutPortal(report: CostReport): number {
  return report.idle.usd - standingPortal(report);
}

function readings(reports: readonly CostReport[]): string {
  const asleep = reports.filter((report) => sleeping(report) && report.farm.output !== 'wasabi');
  const awake = reports.filter((report) => !sleeping(report));
  const wasabi = reports.find((report) => report.farm.output === 'wasabi');
  const charges = asleep.map(({ idle }) => idle.resources.flatMap((resource) => resource.charges));
  const paid = new Set(charges.flatMap((each) => paidByPrice(each).map(({ name }) => name)));
  const dashboard = priceOf('dashboard');
  return [
    `- A sleeping farm costs ${fromTo(asleep.map(({ idle }) => idle.usd))} a month in an account with nothing else in it, all of it for ${list.format(paid)}. Where other things use up the free allowances it is ${fromTo(asleep.map(({ idle }) => idle.listUsd))}, ${usd(dashboard.usd)} of it the dashboard.`,
    `- A portal in containers (\`portal: service\`) is ${fromTo(reports.map(standingPortal).filter((each) => each > 0))} a month, for its load balancer and one task that always runs; as a function it costs nothing at rest.`,
    `- A worker that always runs (\`minTasks: 1\`) is ${fromTo(awake.map(withoutPortal))} a month, films or not. It saves the start of a machine, one to two minutes of a film; it does not make a film playable sooner than that.`,
    ...(wasabi
      ? [
          `- Wasabi bills at least 1 TB: ${usd(prices.wasabiStorage.usd)} a month, which an account with films there pays anyway. Its fair use policy expects no more egress a month than is stored.`,
        ]
      : []),
    `- Sources stay unless \`keepSource\` is false: the 7.2 GB of this film are ${usd(7.2 * prices.s3Storage.usd)} a month in S3, beside what is published. The farm writes S3 Standard and sets no other storage class; Standard-IA and Intelligent-Tiering keep films that no one watches for less, and take a fee for what is read or looked after.`,
    `- The workers write eight metrics: ${usd(8 * prices.customMetric.usd)} in a month of work, where the ten free ones of the account are used up.`,
    '- "film of 2 h" is the work alone on the cheapest machine of the stack, without its start; "together" below has the others.',
  ].join('\n');
}

/** What a farm at rest costs more with settings that none of the stack files has. */
async function laneReadings(reports: readonly CostReport[]): Promise<string> {
  const more = async (files: readonly string[], changes: Record<string, string>) => {
    const added: number[] = [];
    // One run of the program at a time: Pulumi's mocks are the process's.
    for (const file of files) {
      const { idle } = await costReport(file, changes);
      added.push(idle.usd - found(reports.find(({ stack }) => stack === file)).idle.usd);
    }
    return fromTo(added);
  };
  const services = [shownForPresets, shown];
  const lanes = await more(services, { lanes: '["urgent","bulk"]' });
  const functionLanes = await more([functions], { lanes: '["urgent","bulk"]' });
  const door = await more(services, { functions: 'door' });
  const both = await more(services, { functions: 'door', lanes: '["urgent","bulk"]' });
  return [
    `- Both priority lanes (\`lanes\`) add ${lanes} a month at rest, in an account with nothing else in it, to \`${services.join('` and `')}\`, for the metrics of alarms and target tracking, and ${functionLanes} to \`${functions}\`, mostly for polling. Films cost the same in each lane.`,
    `- A function before the jobs queue (\`functions: door\`) adds ${door} a month at rest, and with both lanes ${both} in all. What films cost that functions make or help with: [functions.md](functions.md#what-it-costs-and-how-long-it-takes).`,
  ].join('\n');
}

const computation = `## How the numbers are made

- **Idle**: the waker's calls follow from its schedule, its memory and the queues that it asks. Alarms are counted by the metrics
  that they watch, those of target tracking and of managed scaling included. Half a second and 600 bytes of log for each call are
  assumptions.
- **x264**: CPU time for a million pixels, from the measurement in [performance.md](performance.md). Assumed: workers use 85 % of the
  vCPUs' time, and a vCPU of Fargate is as quick as a core of that machine. A vCPU is a hyperthread: if it is 1.3 to 1.6 times slower,
  films on Fargate take and cost that much more. The measured film is expensive: real clips took 0.55 to 0.84 of its CPU time.
- **NVENC**: half of the limit that NVIDIA publishes for the chip; the range is a quarter to all of it. **Not measured: no GPU was at
  hand.** A farm on the same T4 reports 5 to 8 times real time for one output, a quarter to nine tenths of its limit.
  Sources give the L4 of g6 one encoder or two (AD104): one is counted, and with two it would be up to twice as quick.
- **Spot**: the highest zone of ${pricedRegion} on one day; it changes by the hour, and \`farm plan\` asks AWS for today's. Fargate Spot at
  half of On-Demand is an assumption.
- **Requests**: the worker's own planner plans the film. Segments, init segments, images, records and playlists are counted from that
  plan; progress reports and coordination from the time of work. A test compares the count with a film that a worker makes.
- **Size**: the ladder's target bitrates. Films that are easy to encode come out smaller, and so do transfer and storage.
- **Measuring** (\`measure: vmaf\`): 10 to 30 s of CPU time for a film, whatever its length, on the worker that has it ([quality.md](quality.md#measured-films)), less
  than $0.002 on Fargate; and 68 MB more of the image, pulled by each worker that starts. \`perFilmQuality\` takes about a minute of CPU time
  more for a film of 1080p.
- **Not counted**: the CPU time of audio, parts that are made twice after a lost Spot machine, logs of jobs (some kB a film), the
  database.`;

function whenNot(reports: readonly CostReport[]): string {
  const away = reports.find(({ farm }) => farm.output === 'r2');
  const transfer = away?.film.costs[0]?.transferUsd ?? 0;
  const standing = reports.filter((report) => !sleeping(report)).map(withoutPortal);
  return `## When not to use this farm

- **A few films, watched a few times.** Services that encode for free cost less and need no care: see "Beside services".
- **R2 or Wasabi, and films that hardly anybody watches.** What is published leaves AWS once: ${usd(transfer)} for a film of two
  hours. R2 gives that back after a dozen or so views. Otherwise keep films in S3, or publish a smaller ladder (\`hd\`, \`mobile\`).
- **Films that must play seconds after their upload.** A sleeping farm takes a minute or two until its first worker encodes (functions: seconds). A
  worker that always runs (${fromTo(standing)} a month) takes that off; a film plays before it is whole only with \`earlyPlay\`, where it is made faster than
  it plays.
- **A load that never ends.** Machines by the hour are expensive around the clock: look at Savings Plans, or at hardware of your own.
- **Costs that must be certain for NVENC.** Measure with your films first; the figures above halve or double with the speed.
- Live streams, DRM, HEVC or AV1 output: not supported. Without an AWS account: R2 and Wasabi hold films, but queue and workers run
  on AWS.`;
}
