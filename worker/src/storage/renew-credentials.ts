/** A client of the AWS SDK, as far as its credentials go. */
interface Client {
  config: { credentials?: unknown };
  middlewareStack: unknown;
}

type Handler = (args: unknown) => Promise<unknown>;

/** The same for the clients of all services. */
interface MiddlewareStack {
  add(
    middleware: (next: Handler) => Handler,
    options: { step: 'initialize'; name: 'renewExpiredCredentials' },
  ): void;
}

/**
 * Fetches new credentials when the service says that a client's have expired, and calls once more. The SDK goes by their
 * announced end and by this machine's clock, which may be behind. Bodies must not be streams, which can't be sent twice.
 */
export function renewExpiredCredentials({ config, middlewareStack }: Client): void {
  const fetchAgain = config.credentials as
    | ((options: { forceRefresh: true }) => Promise<unknown>)
    | undefined;
  (middlewareStack as MiddlewareStack).add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (fetchAgain === undefined || !isExpired(error)) throw error;
        await fetchAgain({ forceRefresh: true });
        return next(args);
      }
    },
    { step: 'initialize', name: 'renewExpiredCredentials' },
  );
}

/** Answers to HEAD have no body, so S3 calls a session's end by its status alone. */
function isExpired(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  return (
    /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired)$/.test(name) ||
    (name === 'Unknown' && $metadata?.httpStatusCode === 400)
  );
}
