export { direct } from './direct.ts';
export { linear, type MatmulAttributes, matmul } from './matrix-product.ts';
export { rows, sumOverFirst, sumRowsByIndex } from './rows.ts';
