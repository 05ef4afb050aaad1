import { api } from '../api.js';
import { announce, byId } from '../elements.js';
import { JobList } from '../jobs/list.js';
import { filesOf } from '../uploads/files.js';
import { UploadList } from '../uploads/list.js';
import { Prepare } from '../uploads/prepare.js';

/** Where films come in, and all jobs. */
export function showHome({ signal, uploads, selection, lanes, seesAll, go }) {
  document.title = 'Films · transcode-farm';
  const jobs = new JobList(signal);
  const list = new UploadList(byId('uploads'), byId('upload-rows'), uploads, signal);
  list.show();
  uploads.addEventListener('done', () => jobs.refresh(), { signal });
  const start = async (items, options, metadata) => {
    const [address] = items.filter((item) => item.address);
    const job = address && (await sendAddress(address, options, metadata));
    await uploads.add(
      items.filter(({ file }) => file),
      options,
      metadata,
    );
    void jobs.refresh();
    if (job && items.length === 1) go(`/jobs/${job}`);
  };
  const prepare = new Prepare({ selection, lanes, seesAll, signal, start });
  prepare.show();

  const add = async (picked) => {
    const { films, others } = await picked;
    selection.add(await uploads.resumeKnown(films));
    if (others > 0)
      announce(`${others} ${others === 1 ? 'file is' : 'files are'} left out: no video and no audio.`);
  };
  wireDrop(byId('drop'), add, signal);
  for (const input of document.querySelectorAll('[data-choose]')) {
    input.addEventListener('change', () => {
      void add(filesOf({ files: [...input.files] }));
      input.value = '';
    });
  }
  void showFeatures({ signal, selection, prepare });
}

async function sendAddress({ address, title }, options, metadata) {
  const { keepSource, ...rest } = options;
  const { job } = await api.post('/api/jobs', {
    source: address,
    ...(title.trim() && { title: title.trim() }),
    options: rest,
    metadata,
  });
  return job;
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

/** What the farm has and allows: presets, encryption; and addresses, by its field or pasted anywhere. */
async function showFeatures({ signal, selection, prepare }) {
  const farm = await api.get('/api/farm', { signal }).catch(() => undefined);
  if (!farm || signal.aborted) return;
  prepare.offerPresets(farm.presets);
  if (farm.encryption) prepare.offerEncryption();
  if (!farm.uploadOptions) prepare.takeNoOptions();
  const form = byId('address-form');
  if (!farm.urls) return;
  form.hidden = false;
  const address = byId('address');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    selection.addAddress(address.value.trim());
    address.value = '';
  });
  document.addEventListener(
    'paste',
    (event) => {
      const text = event.clipboardData?.getData('text/plain').trim() ?? '';
      const isField = event.target.closest?.('input, textarea');
      if (!isField && /^https?:\/\/\S+$/.test(text) && URL.canParse(text)) selection.addAddress(text);
    },
    { signal },
  );
}
