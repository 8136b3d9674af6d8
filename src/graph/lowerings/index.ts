export { direct } from './direct.ts';
export { linear, type MatmulAttributes, matmul } from './matrix-product.ts';
export { rows, sumRowsByIndex } from './rows.ts';
