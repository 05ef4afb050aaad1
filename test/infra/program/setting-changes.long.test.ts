import { describe, expect, it } from 'vitest';
import type { Change } from '../../../tools/life-cycle/compare.ts';
import { settingChanges } from '../../../tools/life-cycle/matrix.ts';
import { changesOf, described, lost, meant, unset } from '../../helpers/program/changes.ts';

/** What another network of an owner's choice may replace. */
const mayReplace: Readonly<Record<string, RegExp>> = {
  vpcId: /securityGroup/,
  // A zone is where the domain's records are; the domain is freed before another zone gets it.
  cloudflareZoneId: /r2CustomDomain|JsonRule/,
  // A setting of the bucket: the other bucket gets one of its own.
  sourceBucket: /bucketNotification/,
};

/** Replaced at each new revision or with the name that they carry, and nothing is lost by it. */
const harmless = /taskDefinition|lambda\/permission|topicSubscription|eventTarget/;

describe('a change of a setting on a farm that runs', () => {
  it.each(Object.keys(settingChanges))('%s, and back: loses no film, job, log or secret', async (key) => {
    const { there, back } = await changesOf(key);
    const isMeant = ({ type }: Change) => meant[key]?.test(type) ?? false;
    expect(
      lost(there)
        .filter((change) => !isMeant(change) && !unset(change))
        .map(described),
    ).toEqual([]);
    expect(
      lost(back)
        .filter((change) => !isMeant(change) && !unset(change))
        .map(described),
    ).toEqual([]);
  });

  it.each(Object.keys(settingChanges))('%s: replaces nothing that others must wait for', async (key) => {
    const { there } = await changesOf(key);
    const replaced = there.filter(({ type, kind }) => kind === 'replaced' && !harmless.test(type));
    const surprising = replaced.filter(
      ({ type }) =>
        !(mayReplace[key]?.test(type) ?? false) &&
        !(meant[key] !== undefined && /bucket|dynamic|cloudflare/i.test(type)),
    );
    expect(surprising.map(described)).toEqual([]);
  });

  // A bucket that is there stays where it is.
  const movesNothing = ['r2Location'];

  it.each(Object.keys(settingChanges).filter((key) => !movesNothing.includes(key)))(
    '%s: changes something',
    async (key) => {
      const { there } = await changesOf(key);
      expect(there.length).toBeGreaterThan(0);
    },
  );
});
