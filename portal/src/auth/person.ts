/** Who signed in, and what they may see. */
export interface Person {
  /** For people: in the page's corner and in the audit log. */
  name: string;
  /**
   * Whose films theirs are; undefined where people share one password, or came by a link of the operator's. Made from the
   * provider's issuer and `sub`, which name a person for good and reach no one else in this form.
   */
  owner?: string | undefined;
  /** Sees the films of all. */
  isAdmin: boolean;
}

/** Whoever knows the one password, or has the farm's command line, sees all. */
export function operator(name: string): Person {
  return { name, isAdmin: true };
}
