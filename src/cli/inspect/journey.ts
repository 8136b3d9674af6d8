import { formatShape } from '../../core/shape.ts';
import type { Station } from '../../inspect/index.ts';
import { type Column, tableText } from '../table.ts';
import { columnsOf } from '../terminal.ts';

/** Without `all`: only the parts of the model and of its blocks, not their parts. */
export function selectStations(stations: readonly Station[], all: boolean): Station[] {
  return stations.filter(({ name }) => all || name.split('.').length <= 3);
}

export function stationTable(stations: readonly Station[]): string {
  const rows = stations.map(({ name, shape, mean, deviation, smallest, largest }) => {
    const numbers = [mean, deviation, smallest, largest].map((value) => formatValue(value, name === 'tokens'));
    return [name, formatShape(shape).replaceAll(' ', '\u00a0'), ...numbers];
  });
  return tableText(stationColumns, rows, columnsOf());
}

const stationColumns: readonly Column[] = [
  { title: 'layer' },
  { title: 'shape', leaveOut: 3 },
  { title: 'mean', align: 'right' },
  { title: 'deviation', align: 'right' },
  { title: 'smallest', align: 'right', leaveOut: 2 },
  { title: 'largest', align: 'right', leaveOut: 1 },
];

/** Four significant digits; ids are whole. */
function formatValue(value: number, isWhole: boolean): string {
  if (isWhole || !Number.isFinite(value)) return String(Math.round(value * 10) / 10);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : value.toFixed(4);
}
