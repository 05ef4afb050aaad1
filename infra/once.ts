/** Makes something when it is first asked for, and keeps it: what is made of files that do not change while the program runs. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
