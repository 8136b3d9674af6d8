// A program that trains GPT-2 small for three steps and prints the losses and the most memory it held, as JSON.
import { GPT2, gpt2 } from '../../src/models/index.ts';
import { defaultTrainOptions, textTrainer } from '../../src/train/index.ts';

const contextLength = 256;
const model = new GPT2({ ...gpt2.small, contextLength });
// A text of a single window, so that every step sees the same.
const ids = Uint16Array.from({ length: contextLength + 1 }, (_, i) => (i * 7919) % model.config.vocabSize);
const options = { ...defaultTrainOptions, batchSize: 4, warmupSteps: 0, learningRate: 6e-4, steps: 3 };
const trainer = textTrainer(model, { train: ids, validation: ids }, options);

const losses: number[] = [];
for (let step = 0; step < 3; step++) losses.push((await trainer.trainStep()).loss);
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ losses, peakBytes }));
