import { describe, expect, it } from 'vitest';
import { encodingIdentity } from '../../../worker/src/encode/identity.ts';
import { realMediaTools } from '../../helpers/media/clips.ts';

const tools = { version: '7.1.5-0+deb13u1', build: 'c0ffee123456' };
const t4 = () => 'Tesla T4, 535.183.01';

describe('encodingIdentity', () => {
  it('names ffmpeg, its build and the architecture, and with NVENC the GPU and its driver', () => {
    const x264 = encodingIdentity({ name: 'x264', preset: 'veryfast' }, tools, t4);
    expect(x264).toBe(`7.1.5-0+deb13u1 c0ffee123456 ${process.arch}`);
    expect(encodingIdentity({ name: 'nvenc', preset: 'p5' }, tools, t4)).toBe(`${x264} Tesla T4, 535.183.01`);
  });

  it('is the same each time ffmpeg is asked for its build', () => {
    const [one, other] = [realMediaTools(), realMediaTools()];
    expect(one.build).toMatch(/^[0-9a-f]{12}$/);
    expect(other.build).toBe(one.build);
  });

  it('says so where the GPU cannot be named', () => {
    const unnamed = encodingIdentity({ name: 'nvenc', preset: 'p5' }, tools);
    expect(unnamed).toMatch(/(unknown GPU|, [\d.]+)$/);
  });
});
