import { openSource } from '../../../worker/src/source/open.ts';
import { serveSource } from '../../../worker/src/source/server.ts';
import { openStore } from '../../../worker/src/storage/s3-store.ts';

/** Run as a process of its own, to measure its memory: `node serve-source.ts BUCKET_SETTINGS_JSON KEY`. */
const [settings = '{}', key = ''] = process.argv.slice(2);
const store = openStore(JSON.parse(settings));
const source = openSource(key, { bucket: store.bucket, storeFor: () => store, allowHttp: false });
const server = await serveSource(source, await source.describe());
process.send?.({ url: server.url });
let maxBuffered = 0;
setInterval(() => {
  maxBuffered = Math.max(maxBuffered, process.memoryUsage().arrayBuffers);
}, 5);
process.on('message', () => {
  const { rss } = process.memoryUsage();
  process.send?.({ rss, maxBuffered, fetchedBytes: server.fetchedBytes });
});
process.on('disconnect', () => process.exit());
