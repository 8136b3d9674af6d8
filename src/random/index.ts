export { Random, type RandomState } from './random.ts';
export { TorchRandom, type TorchRandomState } from './torch-random.ts';
