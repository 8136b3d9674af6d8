/** A program as a browser runs it: it trains a GPT-2 and generates with it. The test bundles it, and runs it in Node, too. */
import { CharTokenizer, Decoder, GPT2, generate, Random, type Runtime, setRuntime, train } from 'tsgpt';
import { encodeModel } from 'tsgpt/formats/onnx';
import { resolveShape } from 'tsgpt/runtime';

/** Computes outside the browser. Its inputs and outputs can be written as JSON. */
export interface Engine {
  loadModel(bytes: number[]): Promise<number>;
  runModel(model: number, inputs: Record<string, EngineTensor>, outputs: string[]): Promise<number[][]>;
}

export interface EngineTensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

function runtimeOn(engine: Engine): Runtime {
  return {
    name: 'an engine outside of the browser',
    capabilities: {
      contribOperators: new Set(['GroupQueryAttention', 'SimplifiedLayerNormalization']),
      foldsConstants: true,
      writesOverInputs: true,
      readsFiles: false,
    },
    async load(model) {
      const loaded = await engine.loadModel([...encodeModel(model)]);
      return {
        async run(inputs, outputs, lengths = {}) {
          const feeds = model.inputs.map(({ name, type, shape }, i) => {
            return [name, { type, shape: resolveShape(shape, lengths), data: [...(inputs[i] as Float32Array)] }];
          });
          const names = model.outputs.map(({ name }) => name);
          const results = await engine.runModel(loaded, Object.fromEntries(feeds), names);
          for (const [i, elements] of results.entries()) outputs[i]!.set(elements);
          return [];
        },
        async dispose() {},
      };
    },
  };
}

export interface Outcome {
  readonly losses: (number | undefined)[];
  readonly text: string;
}

/** Trains and generates on `engine`, or on the default runtime. */
export async function trainAndGenerate(engine?: Engine): Promise<Outcome> {
  if (engine) setRuntime(runtimeOn(engine));
  const text = 'to be, or not to be: that is the question. '.repeat(8);
  const tokenizer = CharTokenizer.fromText(text);
  const ids = Uint16Array.from(tokenizer.encode(text));
  const shape = { contextLength: 16, embDim: 16, nHeads: 2, nLayers: 1, dropRate: 0.1, qkvBias: true, tiedHead: true };
  const model = new GPT2({ vocabSize: tokenizer.vocabSize, ...shape }, new Random(1));
  const losses: (number | undefined)[] = [];
  const options = { steps: 3, batchSize: 2, evalInterval: 3, evalWindows: 2, seed: 2 };
  for await (const report of train(model, { train: ids, validation: ids }, options)) {
    losses.push(report.loss, report.validationLoss);
  }
  let generated = '';
  for await (const piece of generate(new Decoder(model), tokenizer, 'to be', { maxTokens: 5, seed: 3 }))
    generated += piece;
  return { losses, text: generated };
}

/** The error message when no runtime has been set. */
export async function trainWithoutRuntime(): Promise<string> {
  try {
    await trainAndGenerate();
  } catch (error) {
    return String(error);
  }
  return '';
}
