/** The paths of the query, key and value beside the one at `path`, in the order in which GPT-2's files fuse them; undefined if it is none. */
export function queryKeyValue(path: string): string[] | undefined {
  const [, before, kind] = /^(.+\.attention\.)(?:query|key|value)\.(weight|bias)$/.exec(path) ?? [];
  return before === undefined ? undefined : ['query', 'key', 'value'].map((part) => `${before}${part}.${kind}`);
}
