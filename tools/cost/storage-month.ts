import type { BackendName } from '../../infra/storage/names.ts';
import { type Charge, charge } from './charge.ts';

/** What these bytes cost for each month that they are stored. */
export function storageMonth(output: BackendName, bytes: number): Charge {
  const gb = bytes / 1e9;
  if (output === 's3') return charge('s3Storage', gb, 'in S3 Standard');
  if (output === 'r2') return charge('r2Storage', gb, 'in R2');
  return charge('wasabiStorage', gb / 1000, 'in Wasabi');
}
