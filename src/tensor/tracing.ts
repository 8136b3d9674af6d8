let depth = 0;

/** Whether a compiled function is being traced. Random numbers must then be drawn again at each call. */
export function isTracing(): boolean {
  return depth > 0;
}

/** Calls `trace` with {@link isTracing} true. */
export function whileTracing<T>(trace: () => T): T {
  depth++;
  try {
    return trace();
  } finally {
    depth--;
  }
}
