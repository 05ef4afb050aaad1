import { describe, expect, it } from 'vitest';
import { makePlan } from '../../../worker/src/plan/make-plan.ts';
import type { OverlayOptions } from '../../../worker/src/plan/overlay-options.ts';
import { planOverlays } from '../../../worker/src/plan/overlays.ts';
import { withoutVideo } from '../../../worker/src/probe/media.ts';
import { audioStream, film, planRequest, videoStream } from '../../helpers/media/media.ts';
import { nvenc } from '../../helpers/media/plans.ts';

const picture = { width: 1280, height: 720 };
const images = {
  'logo.png': { etag: '"1"', width: 400, height: 200 },
  'tall.png': { etag: '"2"', width: 10, height: 400 },
};
const request = (...overlays: OverlayOptions[]) => ({ overlays, images, fonts: [], bundledFonts: 'abc' });
const plan = (...overlays: OverlayOptions[]) => planOverlays(request(...overlays), picture, 60);
const imageOf = (overlay: OverlayOptions) => {
  const [layer] = plan(overlay).plan?.layers ?? [];
  if (layer?.kind !== 'image') throw new Error('This was to be an image.');
  return layer;
};
const linesOf = (...overlays: OverlayOptions[]) => {
  const [layer] = plan(...overlays).plan?.layers ?? [];
  if (layer?.kind !== 'texts') throw new Error('This was to be a text.');
  return layer.ass.split('\n').filter((line) => line.startsWith('Dialogue:'));
};

describe('images', () => {
  it.each([
    ['top-left', 36, 36],
    ['top', 563, 36],
    ['top-right', 1090, 36],
    ['left', 36, 322],
    ['center', 563, 322],
    ['right', 1090, 322],
    ['bottom-left', 36, 608],
    ['bottom', 563, 608],
    ['bottom-right', 1090, 608],
  ] as const)('stand %s, on even pixels, with the margin to the edges', (at, x, y) => {
    const layer = imageOf({ image: 'logo.png', at });
    expect([layer.width, layer.height]).toEqual([154, 76]);
    expect([layer.x, layer.y]).toEqual([x + (x % 2), y]);
  });

  it('are never higher than the picture', () => {
    const { width, height } = imageOf({ image: 'tall.png', width: '50%' });
    expect([width, height]).toEqual([18, 720]);
  });
});

describe('time', () => {
  it('counts from the end where it is below zero, as the film has it', () => {
    expect(imageOf({ image: 'logo.png', from: -10, to: -2.5 }).show).toMatchObject({
      fromSeconds: 50,
      toSeconds: 57.5,
    });
    expect(imageOf({ image: 'logo.png', from: -100 }).show.fromSeconds).toBe(0);
  });

  it('has no end without "to", unless the overlay goes in some way: then at the end of the film', () => {
    expect(imageOf({ image: 'logo.png' }).show.toSeconds).toBeUndefined();
    expect(imageOf({ image: 'logo.png', out: 'fade' }).show.toSeconds).toBe(60);
  });

  it('leaves half of a short overlay for coming and half for going', () => {
    expect(imageOf({ image: 'logo.png', from: 1, to: 1.4, in: 'fade' }).show.motionSeconds).toBeCloseTo(0.2);
  });

  it('warns of what is never seen, and draws the rest', () => {
    const { plan: planned, warnings } = plan(
      { text: 'late', from: 60 },
      { text: 'seen' },
      { text: 'x', from: 40, to: -30 },
    );
    expect(warnings).toEqual([
      'overlay 1 is never seen: it begins or ends outside the film, which has 60.0 s',
      'overlay 3 is never seen: it begins or ends outside the film, which has 60.0 s',
    ]);
    expect(planned?.layers.length).toBe(1);
    expect(plan({ text: 'late', from: 60 }).plan).toBeUndefined();
  });
});

describe('texts', () => {
  it('have a place of their own, so that none is moved because of others', () => {
    const lines = linesOf(
      { text: 'a', at: 'top-left' },
      { text: 'b' },
      { text: 'c', at: 'right', margin: '10%' },
    );
    expect(lines.map((line) => line.split(',,')[2])).toEqual([
      '{\\an7\\pos(36,36)}a',
      '{\\an2\\pos(640,684)}b',
      '{\\an6\\pos(1208,360)}c',
    ]);
  });

  it('come, stay and go in lines that follow one another without a gap', () => {
    const lines = linesOf({ text: 'x', box: '#00000080', from: 1, in: 'slide-up', to: 4.25, out: 'fade' });
    expect(lines.map((line) => line.split(',').slice(1, 3))).toEqual([
      ['0:00:01.00', '0:00:01.50'],
      ['0:00:01.50', '0:00:03.75'],
      ['0:00:03.75', '0:00:04.25'],
    ]);
    expect(lines[0]).toContain('\\move(640,745,640,673,0,500)\\fad(500,0)\\4a&HFF&\\t(0,500,\\4a&H7F&)');
    expect(lines[2]).toContain('\\fad(0,500)\\4a&H7F&\\t(0,500,\\4a&HFF&)');
  });

  it('keep their order among images', () => {
    const kinds = plan({ text: 'a' }, { text: 'b' }, { image: 'logo.png' }, { text: 'c' }).plan?.layers.map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['texts', 'image', 'texts']);
  });
});

describe('a plan with overlays', () => {
  const overlays = request({ text: 'Hello' }, { image: 'logo.png' });
  const planOf = (changes: Parameters<typeof planRequest>[1]) =>
    makePlan(film({ video: videoStream(), audio: [audioStream()] }), planRequest({}, changes));

  it('has a name of its own for other texts, and for another version of an image', () => {
    const renewed = { ...overlays, images: { 'logo.png': { etag: '"3"', width: 400, height: 200 } } };
    const asked = [undefined, overlays, request({ text: 'Hello!' }, { image: 'logo.png' }), renewed];
    const ids = asked.map((each) => planOf({ overlays: each }).id);
    expect(new Set(ids).size).toBe(4);
    expect(planOf({ overlays }).id).toBe(ids[1]);
  });

  it('decodes on the CPU and encodes on the GPU, as libass draws in main memory', () => {
    expect(planOf({ encoder: nvenc }).video?.path).toBe('gpu');
    expect(planOf({ encoder: nvenc, overlays }).video?.path).toBe('upload');
  });

  it('leaves them out with a warning where there is no picture', () => {
    const plan = makePlan(withoutVideo(film({ audio: [audioStream()] })), planRequest({}, { overlays }));
    expect(plan.warnings).toContain('the film has no picture, so its overlays were left out');
  });
});
