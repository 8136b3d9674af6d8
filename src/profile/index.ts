export { type DecodingProfile, type DecodingProfileOptions, profileDecoding } from './decoding.ts';
export type { LayerKind } from './layer-kinds.ts';
export { type MatrixRate, measureMatrixRate } from './matrix-rate.ts';
export type { MemoryByPurpose } from './memory.ts';
export type { OperationKind } from './operation-kinds.ts';
export type { EngineOperatorTime, LayerKindTime, LayerTime, OperationTime, PassTimes, Profile } from './profile.ts';
export { profileTraining, type TrainingProfileOptions } from './training.ts';
