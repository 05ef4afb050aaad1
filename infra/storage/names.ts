/** The storage backends, as `storage` and `source` name them. */
export const backendNames = ['s3', 'r2', 'wasabi'] as const;
export type BackendName = (typeof backendNames)[number];
