import { paidByPrice } from '../cost/charge.ts';
import { usd } from '../cost/markdown.ts';
import { mediaConvert } from '../cost/others.ts';
import { priceTable } from '../cost/price-table.ts';
import { pricedRegion, priceOf, prices, pricesDate } from '../cost/prices.ts';
import { type CostReport, costReport } from '../cost/report.ts';
import { cheapestOf, details, summary } from '../cost/sections.ts';
import { stackFiles } from '../program-run/stacks.ts';

/** The stack that is told in full. */
const shown = 'Pulumi.prod.yaml';

/** docs/cost.md: a summary of every stack file, and one in full. */
export async function costPage(): Promise<string> {
  const reports: CostReport[] = [];
  for (const file of stackFiles) reports.push(await costReport(file));
  const report = reports.find(({ stack }) => stack === shown);
  if (!report) throw new Error(`"${shown}" is not among the stack files.`);
  return [
    introduction,
    `## Every stack file\n\n${summary(reports)}`,
    readings(reports),
    `## ${shown}\n\n${details(report)}`,
    reckoning,
    whenNot(reports),
    `## Prices\n\nOf ${pricedRegion}, gone through on ${pricesDate}. The sellers' pages draw their tables by script, so most figures were read elsewhere: "seller" is the seller's own text or price list, "others" that several public pages agree, "unconfirmed" one page, or a price that changes by the hour.\n\n${priceTable()}\n`,
  ].join('\n\n');
}

const introduction = `# What it costs

<!-- Made by \`npm run docs\` from the program, tools/cost/prices.ts and tools/cost/speeds.ts. Change it there. -->

\`\`\`sh
npm run cost                          # Pulumi.prod.yaml
npm run cost -- stacks/inbox.yaml     # another stack file, also one of your own
npm run cost -- --all --json
\`\`\`

The command runs the program without a cloud and prices what it registers: every resource is priced, or free for a reason
that is told; one that is neither is an error. So a change of the program changes this page. US dollars, list prices of
${pricedRegion}, without tax; storage that films fill and what viewers read come on top.`;

const sleeping = ({ farm }: CostReport) => farm.minTasks === 0;

function fromTo(amounts: readonly number[]): string {
  const [least, most] = [usd(Math.min(...amounts)), usd(Math.max(...amounts))];
  return least === most ? least : `${least} to ${most}`;
}

function readings(reports: readonly CostReport[]): string {
  const asleep = reports.filter((report) => sleeping(report) && report.farm.output !== 'wasabi');
  const awake = reports.filter((report) => !sleeping(report));
  const wasabi = reports.find((report) => report.farm.output === 'wasabi');
  const charges = asleep.map(({ idle }) => idle.resources.flatMap((resource) => resource.charges));
  const paid = new Set(charges.flatMap((each) => paidByPrice(each).map(({ name }) => name)));
  const dear = priceOf('dashboard');
  return [
    `- A farm that sleeps costs ${fromTo(asleep.map(({ idle }) => idle.usd))} a month in an account with nothing else in it, all of it for ${[...paid].join(' and ')}. Where other things use up the free allowances it is ${fromTo(asleep.map(({ idle }) => idle.listUsd))}, ${usd(dear.usd)} of it the dashboard.`,
    `- A worker that always runs (\`minTasks: 1\`) is ${fromTo(awake.map(({ idle }) => idle.usd))} a month, films or not.`,
    ...(wasabi
      ? [
          `- Wasabi bills at least 1 TB: ${usd(prices.wasabiStorage.usd)} a month, which an account with films there pays anyway.`,
        ]
      : []),
    '- "film of 2 h" is the cheapest machine of the stack; "together" below has the others.',
  ].join('\n');
}

const reckoning = `## How the numbers are made

- **Idle**: the waker's calls follow from its schedule, its memory and the queues that it asks; alarms are counted by the
  metrics that they watch, those of target tracking and of managed scaling among them. Assumed are half a second and 600 bytes
  of log for a call.
- **x264**: CPU time for a million pixels, from the measurement in [performance.md](performance.md); 85 % of the vCPUs' time is
  taken to be used, and a vCPU of Fargate to be as quick as a core of that machine.
- **NVENC**: half of the limit that NVIDIA gives for the chip. **No GPU was at hand: it was not measured.** A farm on the same
  T4 tells of 5 to 8 times real time for one output, which is a quarter to nine tenths of its limit.
- **Requests**: the worker's own planner plans the film; segments, init segments, pictures, records and playlists are counted
  from that plan, reports of progress and looks at other workers from the time of work. A test holds the count against a
  film that a worker really makes.
- **Size**: the ladder's target bitrates. Films that are easy to encode come out smaller, and so do transfer and storage.
- **Not counted**: the CPU time of sound, parts that are made twice after a lost Spot machine, logs of jobs (some kB a film),
  the database, what viewers read.`;

function whenNot(reports: readonly CostReport[]): string {
  const asleep = reports.filter((report) => sleeping(report) && report.farm.output === 's3');
  const films = asleep.map(({ film }) => cheapestOf(film.costs).totalUsd);
  const away = reports.find(({ farm }) => farm.output === 'r2');
  const transfer = away?.film.costs[0]?.transferUsd ?? 0;
  const worker = away ? cheapestOf(away.film.costs).workerUsd : 0;
  const standing = reports.filter((report) => !sleeping(report)).map(({ idle }) => idle.usd);
  const [first] = reports;
  const managed = first ? (mediaConvert(first.film.plan).filmUsd?.from ?? 0) : 0;
  return `## When not to use this farm

- **A few films a month, none of them urgent.** Money is not the reason: a film of two hours is ${usd(managed)} with MediaConvert
  and ${fromTo(films)} here, so one film a month pays for a farm that sleeps. But a farm is yours to watch and to update, and a managed
  service is not.
- **R2 or Wasabi, and films that hardly anybody watches.** What is published leaves AWS once: ${usd(transfer)} for a film of two
  hours, more than the ${usd(worker)} for making it. R2 gives that back when viewers have read about as much as was
  published, as reading costs the same in S3 and nothing there. Otherwise keep films in S3, or publish a smaller ladder (\`hd\`, \`mobile\`).
- **A first frame within seconds, and few films.** That takes a worker that always runs: ${fromTo(standing)} a month.
- **A load that never ends.** Machines by the hour are dear around the clock: look at Savings Plans, or at hardware of your own.
- **Costs that must be certain for NVENC.** Measure with your films first; the figures above halve or double with the
  speed.
- Live streams, DRM, HEVC or AV1 output: not here (yet). Without an AWS account: R2 and Wasabi hold films, but queue and
  workers run on AWS.`;
}
