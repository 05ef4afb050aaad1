import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FaultFarm, holdAt, put, startFaultFarm } from '../helpers/local-farm/fault-farm.ts';
import { expectFilm } from '../helpers/local-farm/job-ends.ts';

const source = 'films/words.mp4';
const words = (text: string) => Buffer.from(`1\n00:00:01,000 --> 00:00:07,000\n${text}\n`);

let faults: FaultFarm;

beforeAll(async () => {
  faults = await startFaultFarm();
  await faults.farm.put(source, join(faults.folder, 'clip.mp4'));
  await faults.farm.put('films/words.en.srt', words('Hello'));
  await faults.farm.put('late.de.srt', words('Hallo'));
});
afterEach(() => faults.reset());
afterAll(() => faults[Symbol.asyncDispose]());

const textFiles = async (id: string) =>
  (await faults.farm.keys(`${id}/`)).flatMap((key) => /\/text-\d-en\/(.+)$/.exec(key)?.[1] ?? []).sort();

describe('a worker that is lost', () => {
  it('while it publishes subtitles leaves them to the next', async () => {
    const id = await faults.send({ source });
    const lost = faults.startWorker();
    await holdAt(faults.s3, put(/\/text-0-en\/00002\.vtt$/));
    lost.kill('SIGKILL');
    await lost.exited;
    faults.s3.heal();
    faults.startWorker();
    const { film } = await expectFilm(faults, id);
    expect(film?.subtitles).toMatchObject([{ name: 'text-0-en', cues: 1 }]);
    const segments = ['00000.vtt', '00001.vtt', '00002.vtt', '00003.vtt'];
    expect(await textFiles(id)).toEqual([...segments, 'index.m3u8', 'subtitles.vtt']);
  });

  it('between the record of added subtitles and the playlist that names them leaves that to the next', async () => {
    const id = await faults.send({ source });
    faults.startWorker();
    await expectFilm(faults, id);
    await faults.reset();
    const before = await faults.farm.read(`${id}/index.m3u8`);

    const subtitles = [{ source: 'late.de.srt' }];
    await faults.send({ id, source, options: { addToFilm: true, outputs: ['hls'], subtitles } });
    const lost = faults.startWorker();
    await holdAt(faults.s3, put(new RegExp(`/${id}/index\\.m3u8$`)));
    lost.kill('SIGKILL');
    await lost.exited;
    expect(await faults.farm.read(`${id}/index.m3u8`)).toBe(before);
    faults.s3.heal();
    faults.startWorker();
    const { film } = await expectFilm(faults, id);
    expect(film?.subtitles?.map(({ language }) => language)).toEqual(['en', 'de']);
    const after = (await faults.farm.read(`${id}/index.m3u8`)) ?? '';
    expect(after.match(/TYPE=SUBTITLES/g)?.length).toBe(2);
    expect((await faults.runs()).length).toBe(0);
  });
});
