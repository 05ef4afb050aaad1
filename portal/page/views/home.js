import { api } from '../api.js';
import { announce, byId } from '../elements.js';
import { JobList } from '../jobs/list.js';
import { filesOf } from '../uploads/files.js';
import { UploadList } from '../uploads/list.js';

/** Where films come in, and all jobs. */
export function showHome({ signal, uploads, go }) {
  document.title = 'Films · transcode-farm';
  const jobs = new JobList(signal);
  const list = new UploadList(byId('uploads'), byId('upload-rows'), uploads, signal);
  list.show();
  uploads.addEventListener('done', () => jobs.refresh(), { signal });

  const add = async (picked) => {
    const { films, others } = await picked;
    uploads.add(films, readOptions());
    if (others > 0)
      announce(`${others} ${others === 1 ? 'file is' : 'files are'} left out: no video and no audio.`);
  };
  wireDrop(byId('drop'), add, signal);
  for (const input of [byId('choose-files'), byId('choose-folder')]) {
    input.addEventListener('change', () => {
      void add(filesOf({ files: [...input.files] }));
      input.value = '';
    });
  }
  void showFeatures({ signal, jobs, go });
}

function readOptions() {
  const ladder = byId('ladder-choice').value;
  return {
    ...(ladder !== 'standard' && { ladder }),
    ...(byId('with-mp4').checked && { outputs: ['hls', 'mp4'] }),
    ...(byId('keep-original').checked ? {} : { keepSource: false }),
  };
}

/** Films can be dropped anywhere on the page. */
function wireDrop(zone, add, signal) {
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle('over', depth > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  const on = (name, handle) =>
    document.addEventListener(
      name,
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        handle(event);
      },
      { signal },
    );
  on('dragenter', () => mark(1));
  on('dragleave', () => mark(-1));
  on('dragover', () => undefined);
  on('drop', (event) => {
    depth = 0;
    mark(0);
    void add(filesOf(event.dataTransfer));
  });
}

async function showFeatures({ signal, jobs, go }) {
  const farm = await api.get('/api/farm', { signal }).catch(() => undefined);
  const form = byId('address-form');
  if (!farm || signal.aborted) return;
  form.hidden = !farm.urls;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const address = byId('address');
    try {
      const { job } = await api.post('/api/jobs', { source: address.value.trim(), options: readOptions() });
      address.value = '';
      jobs.refresh();
      go(`/jobs/${job}`);
    } catch (error) {
      announce(error.message);
    }
  });
}
