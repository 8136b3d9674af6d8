// Lesson 11: embeddings, twelve blocks, a last normalisation and a head.
import { arange, GPT2, GPT2Tokenizer, gpt2, type Tensor, tensor } from 'tsgpt';
import * as nn from 'tsgpt/nn';
import { TorchRandom } from 'tsgpt/random';
import * as costs from './kit/costs.ts';
import { drawModule } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('The model');
const { vocabSize, contextLength, embDim, nHeads } = gpt2.small;
const block = () =>
  new nn.TransformerBlock({
    attentionNorm: new nn.LayerNorm(embDim),
    attention: new nn.Attention({ embDim, nHeads }),
    feedForwardNorm: new nn.LayerNorm(embDim),
    feedForward: new nn.FeedForward(embDim),
  });
class MyGPT extends nn.Module {
  tokenEmbedding = new nn.Embedding(vocabSize, embDim);
  positionEmbedding = new nn.Embedding(contextLength, embDim);
  blocks = Array.from({ length: 12 }, block);
  finalNorm = new nn.LayerNorm(embDim);
  head = new nn.Linear(embDim, vocabSize, { bias: false });
  forward(tokens: Tensor): Tensor {
    const [, time = 0] = tokens.shape; // [batch, time]
    const positions = this.positionEmbedding.forward(arange(time));
    let x = this.tokenEmbedding.forward(tokens).add(positions);
    for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(this.finalNorm.forward(x));
  }
}

section('Logits');
const mine = new MyGPT();
nn.torchInit(mine, new TorchRandom(123)); // the weights PyTorch would draw
const tokenizer = new GPT2Tokenizer();
const texts = ['Every effort moves you', 'Every day holds a'];
const ids = texts.map((text) => tokenizer.encode(text));
const tokens = tensor(ids, { dtype: 'int32' }).named('tokens'); // [2, 4]
const logits = mine.forward(tokens);
console.log(`logits ${logits}`);
await show('first four', logits.slice([0, 1], [0, 1], [0, 4]).flatten());
await show('last three', logits.slice([-1], [-1], [-3]).flatten());

section('The library agrees');
const model = new GPT2({ ...gpt2.small, tiedHead: false });
model.loadStateDict(mine.stateDict()); // the same weights, by their names
const difference = model.forward(tokens).sub(logits);
await show('largest difference', difference.abs().max());

section('What a logit is');
const [day = 0] = tokenizer.encode(' day');
const vector = model.features(tokens).slice([-1], [-1]); // [1, 1, 768]
const row = mine.head.weight.slice([day, day + 1]); // [1, 768]
await show('dot product', vector.mul(row).sum());
await show('logit', logits.slice([-1], [-1], [day, day + 1]).sum());

section('Counting');
for (const [path, part] of mine.namedModules())
  if (/^(\w+|blocks\.0)$/.test(path)) await show(path, part.parameterCount);
await show('all', mine.parameterCount);
await costs.drawParts({ ...gpt2.small, tiedHead: false });

section('What each setting costs');
costs.tableOfChanges(); // doubles each, and switches qkvBias on

section('Why "124M" can be three numbers');
await costs.showParameters('separate head', { tiedHead: false });
await costs.showParameters('head tied to the token embedding', {});
await costs.showParameters("OpenAI's: tied, biases", { qkvBias: true });

section('The four sizes');
costs.tableOfSizes();

section('Drawn from the graph');
const shown = /^(tokens|embeddings|blocks\.(0|1|11)|finalNorm|head)$/;
const isShown = (part: string) => shown.test(part);
const arrows = { 'blocks.11': 'nine more blocks' };
await drawModule('model', 'GPT-2 small', model, tokens, isShown, { arrows });
