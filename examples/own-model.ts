// A variation of GPT-2: RMSNorm instead of LayerNorm, and the same block is used nLayers times.
import { CharTokenizer, generate, Random, splitTrainValidation, type Tensor } from 'tsgpt';
import { DecoderOnlyTransformer, type GPT2Config } from 'tsgpt/models';
import { Attention, Embedding, FeedForward, type ForwardPass, RMSNorm, TransformerBlock } from 'tsgpt/nn';
import { type FolderRun, loadCheckpoint, trainInFolder } from 'tsgpt/node';

class SharedGPT extends DecoderOnlyTransformer<GPT2Config> {
  readonly family = 'shared-gpt'; // its name in checkpoints
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly blocks: TransformerBlock[];
  readonly finalNorm: RMSNorm;
  readonly head = undefined; // tied to the token embedding

  constructor(config: GPT2Config) {
    super(config);
    const { vocabSize, contextLength, embDim, nHeads, nLayers, qkvBias, dropRate } = config;
    this.tokenEmbedding = new Embedding(vocabSize, embDim);
    this.positionEmbedding = new Embedding(contextLength, embDim);
    const [attentionNorm, feedForwardNorm] = [new RMSNorm(embDim), new RMSNorm(embDim)];
    const [attention, feedForward] = [new Attention({ embDim, nHeads, qkvBias, dropRate }), new FeedForward(embDim)];
    const block = new TransformerBlock({ attentionNorm, attention, feedForwardNorm, feedForward, dropRate });
    this.blocks = Array(nLayers).fill(block);
    this.finalNorm = new RMSNorm(embDim);
    this.initialize(new Random(1337));
  }

  embed(tokens: Tensor, { cache }: ForwardPass): Tensor {
    const table = this.positionEmbedding.weight; // [contextLength, embDim]
    const positions = cache ? table.rows(cache.positions) : table.slice([0, tokens.shape[1]!]); // [..., time, embDim]
    return this.tokenEmbedding.forward(tokens).add(positions); // [batch, time, embDim]
  }
}

async function trainAndShow(run: FolderRun) {
  for await (const { step, validationLoss } of trainInFolder(run)) {
    if (validationLoss) console.log(`step ${step}: loss ${validationLoss.toFixed(3)}`);
  }
}

const [folder = 'runs/shared-gpt'] = process.argv.slice(2);
const text = 'the quick brown fox jumps over the lazy dog. '.repeat(50);
const tokenizer = CharTokenizer.fromText(text);
const data = splitTrainValidation(Uint16Array.from(tokenizer.encode(text)));
const shape = { contextLength: 32, embDim: 32, nHeads: 4, nLayers: 3, dropRate: 0, qkvBias: false, tiedHead: true };
const model = new SharedGPT({ ...shape, vocabSize: tokenizer.vocabSize });
const options = { steps: 100, warmupSteps: 20, learningRate: 3e-3, evalInterval: 100 };
const run = { folder, tokenizer, text: data };
await trainAndShow({ ...run, model, options });

// Another day: go on from the folder to twice the steps, and write.
const saved = await loadCheckpoint(folder, 'last', (config: GPT2Config) => new SharedGPT(config));
await trainAndShow({ ...run, model: saved.model, resumeFrom: saved, options: { steps: 200 } });
for await (const piece of generate(saved.model, tokenizer, 'the quick', { maxTokens: 35, temperature: 0 })) {
  process.stdout.write(piece);
}
