import { describe, expect, it } from 'vitest';
import { costReport } from '../../../tools/cost/report.ts';
import { farmWay, mediaConvertWay, services, tiered } from '../../../tools/cost/services.ts';

const one = { filmsPerMonth: 1, viewsPerFilm: 10 };

describe('a month beside services', () => {
  it('charges each GB at the rate of its tier', () => {
    const tiers = [
      [100, 0],
      [300, 0.1],
      [Number.POSITIVE_INFINITY, 0.05],
    ] as const;
    expect(tiered(50, tiers)).toBe(0);
    expect(tiered(200, tiers)).toBeCloseTo(10, 9);
    expect(tiered(400, tiers)).toBeCloseTo(25, 9);
  });

  it('follows the published rates of Cloudflare Stream and Mux', async () => {
    const [stream, mux] = services(await costReport('Pulumi.dev.yaml'));
    // 1,440 minutes are stored, sold as 2,000; 1,200 are delivered.
    expect(stream?.monthUsd(one)).toBeCloseTo(2 * 5 + 1.2, 9);
    // 72,000 minutes stored and 60,000 delivered.
    expect(mux?.monthUsd({ filmsPerMonth: 50, viewsPerFilm: 10 })).toBeCloseTo(172.8 - 20, 6);
    // 100,000 delivered minutes of a month are free.
    expect(mux?.monthUsd({ filmsPerMonth: 50, viewsPerFilm: 100 })).toBeCloseTo(172.8 + 400 - 20, 6);
    expect(mux?.monthUsd(one)).toBe(0);
  });

  it('charges this farm with R2 nothing for delivered bytes, and S3 with CloudFront the tiers', async () => {
    const r2 = farmWay(await costReport('stacks/movie-site.yaml'), 1);
    const s3 = farmWay(await costReport('Pulumi.dev.yaml'), 1);
    const popular = { filmsPerMonth: 1000, viewsPerFilm: 1000 };
    expect(s3.monthUsd(popular)).toBeGreaterThan(20 * r2.monthUsd(popular));
    const unwatched = { filmsPerMonth: 1, viewsPerFilm: 0 };
    expect(r2.monthUsd(popular) - 1000 * r2.monthUsd(unwatched)).toBeLessThan(1000);
  });

  it("charges MediaConvert's films by the normalized minute", async () => {
    const way = mediaConvertWay(await costReport('Pulumi.dev.yaml'));
    const films = (filmsPerMonth: number) => way.monthUsd({ filmsPerMonth, viewsPerFilm: 0 });
    expect(films(2) - films(1)).toBeGreaterThan(6.3);
  });
});
