import { type Charge, total, unit } from './charge.ts';
import { referenceBytes, referenceFilm } from './film.ts';
import type { FilmCost } from './film-cost.ts';
import { count, table, unitPrice, usd } from './markdown.ts';
import { presetFigures } from './preset-section.ts';
import { prices } from './prices.ts';
import type { CostReport } from './report.ts';

const markets = { onDemand: 'On-Demand', spot: 'Spot' } as const;

/** A line for each stack. */
export function summary(reports: readonly CostReport[]): string {
  const rows = reports.map(({ stack, farm, idle, film }) => {
    const cheapest = cheapestOf(film.costs);
    return [
      `\`${stack}\``,
      `${farm.minTasks} to ${farm.maxTasks} × ${film.costs[0]?.machine ?? ''}`,
      `${farm.source} → ${farm.output}`,
      usd(idle.usd),
      usd(idle.listUsd),
      usd(cheapest.totalUsd),
      usd(cheapest.perSourceMinuteUsd),
      usd(film.storageMonth.usd),
    ];
  });
  return table(
    [
      'stack',
      'workers',
      'films',
      'idle month:',
      'without free allowances:',
      'film of 2 h:',
      'source minute:',
      'its storage a month:',
    ],
    rows,
  );
}

/** One stack in full. */
export function details(report: CostReport): string {
  const presets = presetFigures(report, cheapestOf(report.film.costs));
  return [
    idleSection(report),
    workerSection(report),
    filmSection(report),
    ...(presets === undefined ? [] : [`### Presets and qualities\n\n${presets}`]),
    othersSection(report),
  ].join('\n\n');
}

function idleSection({ idle, farm }: CostReport): string {
  const paid = idle.resources
    .filter(({ charges }) => charges.length > 0)
    .sort((a, b) => total(b.charges) - total(a.charges) || a.name.localeCompare(b.name));
  const rows = [
    ...paid.map(({ name, type, charges }) => [
      `${name} (${shortType(type)})`,
      charges.map(({ what }) => what).join('; '),
      charges.map(computation).join(' + '),
      usd(total(charges)),
    ]),
    ['**list price**', '', '', usd(idle.listUsd)],
    ...idle.allowances.map(({ what, usd: off }) => ['free in every account', what, '', `−${usd(off)}`]),
    ['**together**', '', '', usd(idle.usd)],
  ];
  const free = idle.resources.filter(({ charges }) => charges.length === 0);
  const sleeps =
    farm.minTasks === 0
      ? 'It sleeps: no task, no instance, no address.'
      : `Workers that always run: ${farm.minTasks}.`;
  return [
    '### A month in which no film comes',
    `${sleeps} ${idle.resources.length} resources, ${free.length} of them free.`,
    table(['resource', 'what is paid for', 'computation', 'a month:'], rows),
    'Free, and why:',
    freeList(free),
  ].join('\n\n');
}

function freeList(free: CostReport['idle']['resources']): string {
  const byReason = Map.groupBy(free, (resource) => resource.free ?? '');
  return [...byReason]
    .map(([reason, resources]) => {
      const types = [...new Set(resources.map(({ type }) => shortType(type)))].sort();
      return `- ${types.join(', ')}: ${reason}`;
    })
    .sort()
    .join('\n');
}

/** `sqs.Queue` of `aws:sqs/queue:Queue`. */
function shortType(type: string): string {
  const [provider = '', path = '', name = ''] = type.split(':');
  const module = path.split('/')[0] ?? '';
  if (path === 'dynamic/cloudflare') return `cloudflare.${name}`;
  if (provider === 'pulumi-nodejs') return 'bucket at Wasabi';
  if (provider === 'transcode-farm') return name;
  return `${module === 'index' ? provider : module}.${name}`;
}

function computation({ quantity, per, usdEach }: Charge): string {
  return `${count(quantity)} ${unit(quantity, per)} × ${unitPrice(usdEach)}`;
}

function workerSection({ workers }: CostReport): string {
  const rows = workers.map(({ name, onDemand, spot }) => [
    name,
    usd(total(onDemand)),
    spot ? usd(total(spot)) : 'no figure',
    onDemand.map((one) => `${one.what} ${unitPrice(Number(one.usd.toPrecision(4)))}`).join(' + '),
  ]);
  return [
    '### A worker, an hour',
    'Billed by the second, and only while it is there.',
    table(['machine', 'On-Demand:', 'Spot:', 'On-Demand is made of'], rows),
  ].join('\n\n');
}

function filmSection({ film, farm, workers }: CostReport): string {
  const { plan, costs, publishedBytes, storageMonth } = film;
  const segments = plan.parts.reduce((sum, part) => {
    const renditions = part.kind === 'video' ? plan.video.renditions.length : plan.audio.length;
    return sum + renditions * (part.segmentCuts.length + 1);
  }, 0);
  const rows = costs.map((cost) => [
    `${cost.machine}, ${markets[cost.market]}`,
    `${cost.speed.filmSecondsPerSecond.toFixed(2)}×`,
    cost.hours.toFixed(2),
    usd(cost.workerUsd),
    usd(cost.requestsUsd),
    usd(cost.transferUsd),
    usd(cost.totalUsd),
    usd(cost.perSourceMinuteUsd),
    usd(cost.wakingUsd),
  ]);
  const notes = [
    ...new Set(costs.map(({ speed }) => `Speed: ${speed.how}.`)),
    ...(workers.some(({ spot }) => spot === undefined)
      ? ['Where no Spot figure is known, the On-Demand price is used: Spot never costs more.']
      : []),
    '"Hours" are hours of work: where several workers make a film, the film is there sooner, and costs about the same.',
    ...requestNotes(costs),
    farm.output === 's3'
      ? 'Transfer: within a region S3 costs nothing; viewers are not counted.'
      : `Transfer: every byte that is published leaves AWS, at ${unitPrice(prices.internetOut.usd)} a GB; the first ${prices.internetOut.freePerMonth} GB of an account's month are free and not taken off here. The source comes in for nothing.`,
    `Storage: ${(publishedBytes / 1e9).toFixed(1)} GB ${storageMonth.what}, ${usd(storageMonth.usd)} a month, for as long as it is kept${farm.output === 'wasabi' ? ', 90 days at least, within the minimum of 1 TB' : ''}.`,
    farm.minTasks > 0
      ? 'The worker that always runs is paid for already: what it makes costs requests and transfer alone.'
      : '"Waking" comes on top where a film wakes the farm: the start of all machines that make the film, and their waiting until the farm sleeps again. Films that come together share it.',
  ];
  return [
    '### A film of two hours',
    `${referenceFilm.width}x${referenceFilm.height}, ${referenceFilm.frameRate.num} frames a second, ${(referenceBytes / 1e9).toFixed(1)} GB: it becomes ${plan.video.renditions.map(({ name }) => name).join(', ')} and sound, ${segments.toLocaleString('en-US')} segments.`,
    table(
      [
        'machine',
        'speed:',
        'hours:',
        'worker:',
        'requests:',
        'transfer:',
        'together:',
        'source minute:',
        'waking:',
      ],
      rows,
    ),
    notes.map((note) => `- ${note}`).join('\n'),
  ].join('\n\n');
}

function requestNotes(costs: readonly FilmCost[]): string[] {
  const [first] = costs;
  if (!first) return [];
  const { writes, status, leases, outputReads, sourceReads } = first.requests;
  const [puts, states, shown, gets] = [writes, status, leases, outputReads + sourceReads].map((n) =>
    n.toLocaleString('en-US'),
  );
  const shared = leases > 0 ? `, ${shown} to coordinate the workers of one film` : '';
  return [
    `Requests on ${first.machine}: ${puts} to publish, ${states} for status.json (one every 2 s)${shared}, ${gets} to read. Wasabi charges for none.`,
  ];
}

function othersSection({ film, others }: CostReport): string {
  const best = cheapestOf(film.costs);
  const minutes = film.plan.durationSeconds / 60;
  const range = (from: number, to: number) => (from === to ? usd(from) : `${usd(from)} to ${usd(to)}`);
  const sure = best.speed.basis === 'limit' ? '; its speed is not measured' : '';
  const ours = {
    name: `this farm, ${best.machine}, ${markets[best.market]}`,
    filmUsd: { from: best.totalUsd, to: best.totalUsd },
    how: `the cheapest line above, without waking${sure}`,
  };
  const rows = [ours, ...others].map(({ name, filmUsd }) => [
    name,
    filmUsd ? range(filmUsd.from, filmUsd.to) : 'not known',
    filmUsd ? range(filmUsd.from / minutes, filmUsd.to / minutes) : 'not known',
  ]);
  const notes = [ours, ...others].map(({ name, how }) => `- ${name}: ${how}.`);
  return ['### Beside others', table(['who', 'film of 2 h:', 'source minute:'], rows), notes.join('\n')].join(
    '\n\n',
  );
}

export function cheapestOf(costs: readonly FilmCost[]): FilmCost {
  return costs.reduce((best, cost) => (cost.totalUsd < best.totalUsd ? cost : best));
}
