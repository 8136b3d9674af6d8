/**
 * Calls `use` with a resource and then closes it, also if `use` fails; its error is then thrown, even if closing fails, too. Unlike
 * `await using`, this needs no `Symbol.asyncDispose`, which JavaScript run in a separate context, as by test runners on Node 20, has not.
 */
export async function whileOpen<Resource extends { close(): Promise<void> }, Result>(
  resource: Resource,
  use: (resource: Resource) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await use(resource);
  } catch (error) {
    await resource.close().catch(() => {}); // its cause is probably the same
    throw error;
  }
  await resource.close();
  return result;
}
