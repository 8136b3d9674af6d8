export { AdamW, type AdamWOptions, defaultAdamW } from './adamw.ts';
export { FlatParameters } from './flat-parameters.ts';
export { checkTrainOptions, defaultTrainOptions, type TrainOptions } from './options.ts';
export { type LearningRateSchedule, learningRateAt } from './schedule.ts';
export { type TrainReport, train } from './train.ts';
export { initialRandom, type StepResult, Trainer, type TrainingText } from './trainer.ts';
