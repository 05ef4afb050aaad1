/** Something that can't be reckoned, and what to do about it: shown as its message alone. */
export class CostError extends Error {
  override readonly name = 'CostError';
}
