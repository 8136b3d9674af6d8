/** 65 → "1m 05s", 3.2 → "3s", 7300 → "2h 01m". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** 124412160 → "124.4M". */
export function formatCount(count: number): string {
  const units: [number, string][] = [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'k']]; // biome-ignore format: a table
  const [size, unit] = units.find(([size]) => count >= size) ?? [1, ''];
  return size === 1 ? String(count) : `${(count / size).toFixed(1)}${unit}`;
}

/** 652038144 → "621.8 MiB". */
export function formatBytes(bytes: number): string {
  const units: [number, string][] = [[2 ** 60, 'EiB'], [2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']]; // biome-ignore format: a table
  const [size, unit] = units.find(([size]) => bytes >= size) ?? [1, 'bytes'];
  const value = bytes / size;
  return size === 1 ? `${bytes} bytes` : `${value < 1e6 ? value.toFixed(1) : value.toExponential(1)} ${unit}`;
}

/** 124412160 → "124,412,160". */
export function formatInteger(value: number): string {
  return value.toLocaleString('en-US');
}

/** "1 token", "1,024 tokens". */
export function counted(count: number, noun: string): string {
  return `${formatInteger(count)} ${noun}${count === 1 ? '' : 's'}`;
}
