/** If `path` is a query, key or value: the paths of all three, in the order in which GPT-2's files fuse them. Otherwise undefined. */
export function queryKeyValue(path: string): string[] | undefined {
  const [, before, kind] = /^(.+\.attention\.)(?:query|key|value)\.(weight|bias)$/.exec(path) ?? [];
  return before === undefined ? undefined : ['query', 'key', 'value'].map((part) => `${before}${part}.${kind}`);
}
