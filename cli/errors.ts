/** An error that the user can fix: printed as its message alone, with exit code 1. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
