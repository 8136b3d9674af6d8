import type { BlockPrediction } from '../../inspect/index.ts';
import type { Tokenizer } from '../../tokenizer/index.ts';
import { matrixText } from '../table.ts';
import { columnsOf } from '../terminal.ts';
import { pieceOf, shown } from './tokens.ts';

export function withTexts(lens: readonly BlockPrediction[], tokenizer: Tokenizer) {
  return lens.map(({ name, predictions }) => ({
    name,
    predictions: predictions.map((prediction) => ({ ...prediction, text: pieceOf(tokenizer, prediction.id) })),
  }));
}

export function lensTable(lens: readonly BlockPrediction[], tokenizer: Tokenizer): string {
  const count = lens[0]!.predictions.length;
  const rows = withTexts(lens, tokenizer).map(({ name, predictions }) => [
    name,
    ...predictions.map(({ text, probability }) => `${shown(text)} ${(100 * probability).toFixed(1)}%`),
  ]);
  const places = Array.from({ length: count }, (_, i) => ({ title: `${i + 1}.` }));
  return matrixText([{ title: 'read after' }, ...places], rows, columnsOf());
}
