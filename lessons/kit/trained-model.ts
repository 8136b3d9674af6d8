import { existsSync, readFileSync } from 'node:fs';
import { CharTokenizer, GPT2, type LanguageModel, Random, splitTrainValidation, type Tokenizer, train } from 'tsgpt';
import { bundledNovelPath, openModel } from 'tsgpt/node';

export interface TrainedModel {
  model: LanguageModel;
  tokenizer: Tokenizer;
  /** The beginning of a text that the model can continue. */
  prompt: string;
  /** A text short enough for a drawing of its attention. */
  sentence: string;
}

/** A small published model that was trained on short stories, if it lies beside the project. */
const published = '../shared/models/tinystories-chat-3m-as-gpt2';

/** The published model if it is there, otherwise a smaller one that is trained now. */
export async function trainedModel(): Promise<TrainedModel> {
  if (existsSync(published)) {
    const opened = await openModel(published);
    console.log('a published model of 3.4 million parameters that has read short stories and chats');
    return {
      model: await opened.model(),
      tokenizer: opened.tokenizer!,
      prompt: 'Once upon a time, there was a little',
      sentence: 'Tom saw Ann. Tom waved to her',
    };
  }
  const text = readFileSync(bundledNovelPath(), 'utf8');
  const tokenizer = CharTokenizer.fromText(text);
  const shape = { contextLength: 64, embDim: 96, nHeads: 4, nLayers: 3, dropRate: 0, qkvBias: false, tiedHead: true };
  const model = new GPT2({ ...shape, vocabSize: tokenizer.vocabSize }, new Random(1));
  const data = splitTrainValidation(Uint16Array.from(tokenizer.encode(text)));
  const steps = 600;
  for await (const { step } of train(model, data, { steps, learningRate: 3e-3, evalInterval: steps })) {
    if (step % 100 === 0) console.error(`training a small model: step ${step} of ${steps}`);
  }
  console.log(`a model of ${model.parameterCount} parameters, trained on the bundled novel just now`);
  return { model, tokenizer, prompt: 'Elizabeth was ver', sentence: 'she said that' };
}
