import { expect, it } from 'vitest';
import { Scan } from '../../../worker/src/probe/scan.ts';

it('does not count packets that an edit list hides behind the end of the film', () => {
  const scan = new Scan([0], false);
  for (const line of ['0,4.960000,4.880000,0.040000,K__', '0,5.960000,5.880000,0.040000,_D_']) scan.add(line);
  expect(scan.result().ends.get(0)).toBeCloseTo(5, 6);
});
