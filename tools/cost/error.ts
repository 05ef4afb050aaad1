/** A cost that can't be computed, and what to do about it. Printed as its message alone. */
export class CostError extends Error {
  override readonly name = 'CostError';
}
