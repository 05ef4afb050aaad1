import { expect, it } from 'vitest';
import { allowedCores, coresIn, keepSelfTo } from '../../../tools/bench/lib/cores.ts';

it('lets the process run on all its cores again after a measurement that kept it to one', () => {
  const before = allowedCores();
  {
    using _kept = keepSelfTo(before[0] as string);
    expect(allowedCores()).toEqual([before[0]]);
  }
  expect(allowedCores()).toEqual(before);
});

it('reads lists of cores as Linux writes them', () => {
  expect(coresIn('0-2,5,8-9')).toEqual(['0', '1', '2', '5', '8', '9']);
  expect(coresIn('3')).toEqual(['3']);
});
