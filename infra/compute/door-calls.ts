/** Films at once that the function before the jobs queue looks at or makes, beside its calls for parts. */
export const doorCalls = 50;
