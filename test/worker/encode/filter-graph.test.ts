import { describe, expect, it } from 'vitest';
import { filterGraph } from '../../../worker/src/encode/filter-graph.ts';
import { videoArguments } from '../../../worker/src/encode/video-arguments.ts';
import type { VideoPart } from '../../../worker/src/plan/plan.ts';
import { readGraph } from '../../helpers/ffmpeg/ffmpeg-arguments.ts';
import { nvenc, shortPlan, videoParts } from '../../helpers/media/plans.ts';

function graphOf(plan: ReturnType<typeof shortPlan>, part = 0): Map<string, string[]> {
  return readGraph(videoArguments(plan, plan.video, videoParts(plan)[part] as VideoPart, 100).outputArgs);
}

describe('filterGraph', () => {
  it('decodes once and scales each rung from the one above it', () => {
    const graph = graphOf(shortPlan({ video: { width: 1280, height: 720 } }));
    expect([...graph.keys()]).toEqual(['v0', 'v1', 'v2', 'v3', 'poster', 'tiles', 'blank', 'sheets']);
    expect(graph.get('v0')?.[0]).toBe('[0:0]trim=start=0:end=12');
    expect(graph.get('v0')?.at(-1)).toBe('split=3');
    expect(graph.get('v1')?.[0]).toBe('[s0]scale=w=960:h=540:flags=bicubic');
    expect(graph.get('v2')?.[0]).toBe('[s1]scale=w=640:h=360:flags=bicubic');
    expect(graph.get('v3')?.[0]).toBe('[s2]scale=w=426:h=240:flags=bicubic');
  });

  it('takes the poster from the largest rung and storyboard tiles from the smallest', () => {
    const plan = shortPlan({ encoding: { thumbnailAt: 4.5 } });
    const args = videoArguments(plan, plan.video, videoParts(plan)[0] as VideoPart, 100).outputArgs;
    expect(args[1]).toContain('split=3[v0][s0][p];');
    expect(args[1]).toContain('split=2[v1][t];');
    expect(graphOf(plan).get('poster')).toEqual([
      "[p]select='eq(n,0)+lt(prev_selected_t,4.5)*gte(t,4.5)'",
      'scale=out_color_matrix=bt601:out_range=pc',
      'format=yuvj420p',
    ]);
  });

  it('counts the time of the poster from the start of its part', () => {
    expect(graphOf(shortPlan({ encoding: { thumbnailAt: 13 } }), 1).get('poster')?.[0]).toBe(
      "[p]select='eq(n,0)+lt(prev_selected_t,1)*gte(t,1)'",
    );
  });

  it("puts films of varying rate on one grid, anchored at the film's zero in every part", () => {
    const frameRate = { num: 30000, den: 1001 };
    const plan = shortPlan({ video: { variableFrameRate: true, frameRate } });
    expect(graphOf(plan, 0).get('v0')?.slice(0, 3)).toEqual([
      '[0:0]fps=fps=30000/1001:start_time=0:eof_action=round',
      'settb=1/30000',
      'trim=start=0:end=12',
    ]);
    // 12 s lie between two frames of 29.97 a second; the run counts from the one before.
    expect(graphOf(plan, 1).get('v0')?.slice(0, 3)).toEqual([
      '[0:0]fps=fps=30000/1001:eof_action=round',
      'settb=1/30000',
      'trim=start=0.021367:end=12.021367',
    ]);
  });

  it('cuts a part out only after deinterlacing, which looks at the frames before', () => {
    const filters = graphOf(shortPlan({ video: { interlaced: true } }), 1).get('v0') ?? [];
    expect(filters.slice(0, 5)).toEqual([
      '[0:0]scale=640:360',
      'bwdif=mode=send_field',
      'fps=fps=50/1',
      'settb=1/50',
      'trim=start=0:end=12',
    ]);
  });

  it('scales in video memory where frames are there, and brings back only the chosen pictures', () => {
    const graph = graphOf(shortPlan({ encoder: nvenc }));
    expect(graph.get('v0')?.slice(0, 3)).toEqual([
      '[0:0]trim=start=0:end=12',
      'scale_cuda=w=640:h=360:interp_algo=bicubic:format=yuv420p',
      'setsar=1',
    ]);
    expect(graph.get('v1')?.[0]).toBe('[s0]scale_cuda=w=426:h=240:interp_algo=bicubic:format=yuv420p');
    for (const label of ['poster', 'tiles'])
      expect(graph.get(label)?.slice(1, 3)).toEqual(['hwdownload', 'format=yuv420p']);
  });

  it('prepares on the CPU and uploads once where the GPU cannot decode the film', () => {
    const video = { pixelFormat: 'yuv422p', interlaced: true };
    const graph = graphOf(shortPlan({ encoder: nvenc, video }));
    expect(graph.get('v0')?.slice(0, 9)).toEqual([
      '[0:0]scale=640:360',
      'bwdif=mode=send_field',
      'fps=fps=50/1:start_time=0',
      'settb=1/50',
      'trim=start=0:end=12',
      'scale=out_range=tv',
      'format=yuv420p',
      'hwupload_cuda',
      'scale_cuda=w=640:h=360:interp_algo=bicubic:format=yuv420p',
    ]);
    expect([...graph.values()].flat().filter((filter) => filter === 'hwupload_cuda')).toHaveLength(1);
  });

  it('draws in film time on the CPU, in the size of the largest rendition, and uploads what it has drawn', () => {
    const plan = shortPlan({ encoder: nvenc, video: { pixelFormat: 'yuv422p' } });
    const overlays = { layers: [{ kind: 'texts' as const, ass: '' }], fonts: [] };
    const [, part] = videoParts(plan);
    const { filters } = filterGraph({ ...plan.video, overlays }, part as VideoPart, {
      fromSeconds: 0,
      toSeconds: 12,
    });
    const { primaries, transfer, matrix } = plan.video.colours;
    const colours = `setparams=color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}:range=tv`;
    expect(filters.split(';')[0]?.split(',').slice(0, 11)).toEqual([
      '[0:0]trim=start=0:end=12',
      'scale=w=640:h=360:flags=bicubic:out_range=tv',
      'setsar=1',
      'format=yuv420p',
      colours,
      'setpts=PTS+round(12/TB)',
      'ass=filename=../overlays/0.ass:fontsdir=../overlays/fonts:shaping=complex',
      'setpts=PTS-round(12/TB)',
      'hwupload_cuda',
      'scale_cuda=w=640:h=360:interp_algo=bicubic:format=yuv420p',
      'setsar=1',
    ]);
  });

  it('says the same colours on every rung, in limited range, and converts RGB by their matrix', () => {
    const video = { width: 1280, height: 720, pixelFormat: 'gbrp', colorSpace: 'gbr' };
    const graph = graphOf(shortPlan({ video }));
    expect(graph.get('v0')?.slice(1, 5)).toEqual([
      'scale=w=1280:h=720:flags=bicubic:out_color_matrix=bt709:out_range=tv',
      'setsar=1',
      'format=yuv420p',
      'setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv',
    ]);
    expect(graphOf(shortPlan()).get('v0')).toContain(
      'setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv',
    );
  });
});
