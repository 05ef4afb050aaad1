import { describe, expect, it } from 'vitest';
import { overlaysSchema } from '../../../worker/src/plan/overlay-options.ts';
import { expectedBy, place } from '../../../worker/src/protocol/expected.ts';

const problems = (overlays: unknown) =>
  (overlaysSchema.safeParse(overlays).error?.issues ?? []).map(
    (issue) => place(issue.path) + expectedBy(issue),
  );

describe('the language of overlays', () => {
  it('takes a text and an image with everything that can be said of them', () => {
    const text = {
      text: 'Grüezi!',
      font: 'Montserrat',
      weight: 'bold',
      italic: true,
      size: '6.5%',
      color: '#fff',
      box: '#0008',
      outline: '#00000080',
    };
    const common = { at: 'bottom', margin: '0%', from: 1, to: -0.5, in: 'fade', out: 'slide-down' };
    const image = { image: 'brand/logo.png', width: '100%', opacity: 0 };
    expect(
      problems([{ ...text, ...common }, { ...image, ...common }, { text: 'x' }, { image: 'y' }]),
    ).toEqual([]);
  });

  it.each([
    [{}, '[0]: expected either "text" or "image"'],
    [{ text: 'a', image: 'b' }, '[0]: expected either "text" or "image"'],
    [{ text: ' \n ' }, '[0].text: expected more than white space'],
    [{ text: 'x'.repeat(501) }, '[0].text: expected at most 500 characters'],
    [{ text: 'a', size: '6' }, '[0].size: expected 1% to 50% of the picture\'s height, such as "6%"'],
    [{ text: 'a', size: '51%' }, '[0].size: expected 1% to 50% of the picture\'s height, such as "6%"'],
    [
      { text: 'a', color: 'white' },
      '[0].color: expected a colour, such as "#fff", "#e30613" or, half transparent, "#00000080"',
    ],
    [
      { text: 'a', box: '#12345' },
      '[0].box: expected a colour, such as "#fff", "#e30613" or, half transparent, "#00000080"',
    ],
    [{ text: 'a', width: '5%' }, '[0].width: expected nothing here: it is for images'],
    [{ image: 'a', font: 'Roboto' }, '[0].font: expected nothing here: it is for texts'],
    [{ image: 'a', opacity: 2 }, '[0].opacity: expected at most 1'],
    [{ text: 'a', from: 3, to: 2 }, '[0].to: expected more than "from", which is 3'],
    [{ text: 'a', from: -1, to: -2 }, '[0].to: expected more than "from", which is -1'],
    [
      { text: 'a', in: 'zoom' },
      '[0].in: expected none, fade, slide-up, slide-down, slide-left or slide-right',
    ],
    [{ text: 'a', fnt: 'Roboto' }, '[0]: has "fnt", which nothing reads'],
  ])('says what is wrong with %j', (overlay, sentence) => {
    expect(problems([overlay])).toEqual([sentence]);
  });

  it('has an end: 50 overlays', () => {
    expect(problems(Array.from({ length: 51 }, () => ({ text: 'x' })))).toEqual([
      ': expected at most 50 entries'.slice(2),
    ]);
  });
});
