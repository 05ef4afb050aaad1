import { estimate } from '../../cli/plan/estimate.ts';
import { encoderOn, type Machine, machineName, machineOf } from '../../cli/plan/machine.ts';
import { planSettings } from '../../cli/plan/settings.ts';
import { tablePrice } from '../../cli/plan/table-price.ts';
import { planLines } from '../../cli/plan/text.ts';
import { environmentOn, waysOf } from '../../cli/plan/ways.ts';
import type { Style } from '../../cli/text/style.ts';
import { encodingFor } from '../../worker/src/plan/encoding.ts';
import { makePlan } from '../../worker/src/plan/make-plan.ts';
import type { Settings } from '../../worker/src/settings/settings.ts';
import { plainFilm } from '../cost/plain-film.ts';

/** What `farm plan night.mp4 --compute gpu --workers 3 --include-480p` prints where AWS can't be asked for prices. */
export function planOutput(style: Style, columns: number): string[] {
  const video = { width: 1280, height: 720, frameRate: { num: 25, den: 1 } };
  const media = plainFilm({ durationSeconds: 40, sizeBytes: 32_500_000, video });
  const machine = machineOf('gpu', 'g4dn.xlarge');
  const options = { include480p: true, workersPerFilm: 3 };
  const environment = environmentOn(machine);
  const planOn = (on: Machine, { encoding, functionLimits }: Settings) =>
    makePlan(media, {
      sourceVersion: 'any',
      encoding: encodingFor(encoding, options),
      encoder: encoderOn(on, { encoding }),
      software: 'any',
      functionLimits,
    });
  const plan = planOn(machine, planSettings(environment));
  const spotPrice = tablePrice('g4dn.xlarge');
  const ways = waysOf(media, planOn, {
    ...{ own: machine, environment, workers: options.workersPerFilm, spotPrice },
    ...{ source: 's3', output: 's3' },
  });
  const view = {
    names: ['night.mp4'],
    media: [media],
    plan,
    machine: machineName(machine),
    estimate: estimate(media, plan, machine, options.workersPerFilm, spotPrice),
    ways,
  };
  return planLines(view, style, columns);
}
