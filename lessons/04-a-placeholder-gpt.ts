// Lesson 4: the whole path from text to text, with blocks that do nothing yet.
import {
  Embedding,
  type GPT2Config,
  GPT2Tokenizer,
  gpt2,
  Linear,
  Module,
  seedParameters,
  type Tensor,
  tensor,
} from 'tsgpt';
import { drawModule } from './kit/figures.ts';
import { section, show } from './kit/lesson.ts';

section('The model with empty blocks');
class PlaceholderBlock extends Module {
  forward(x: Tensor): Tensor {
    return x; // lessons 6 to 10 put something here
  }
}

class PlaceholderGPT extends Module {
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: Embedding;
  readonly blocks: PlaceholderBlock[];
  readonly head: Linear;

  constructor({ vocabSize, contextLength, embDim, nLayers }: GPT2Config) {
    super();
    this.tokenEmbedding = new Embedding(vocabSize, embDim);
    this.positionEmbedding = new Embedding(contextLength, embDim);
    this.blocks = Array.from({ length: nLayers }, () => new PlaceholderBlock());
    this.head = new Linear(embDim, vocabSize, { bias: false });
  }

  forward(tokens: Tensor): Tensor {
    const [, time = 0] = tokens.shape; // tokens: [batch, time]
    const { weight } = this.positionEmbedding;
    const positions = weight.slice([0, time]).named('positions');
    let x = this.tokenEmbedding.forward(tokens).add(positions);
    x = x.named('embeddings'); // [batch, time, embDim]
    for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(x); // [batch, time, vocabSize]
  }
}

section('Logits');
const tokenizer = new GPT2Tokenizer();
const sentences = ['Every effort moves you', 'Every day holds a'];
const ids = sentences.map((sentence) => tokenizer.encode(sentence));
const batch = tensor(ids, { dtype: 'int32', name: 'tokens' });
seedParameters(123);
const model = new PlaceholderGPT({ ...gpt2.small, nLayers: 2 });
const logits = model.forward(batch);
console.log(logits);
await show(logits);
await show('the head, [out, in]', model.head.weight.shape);

section('A guess for the next token');
const best = logits.argmax(-1); // [batch, time]
await show(best);
const guesses = await best.slice(null, [-1, 4]).ints(); // at the last position
for (const [i, id] of guesses.entries())
  console.log(`${sentences[i]} → ${tokenizer.decode([id])}`);

section('The path, drawn from the graph');
await drawModule('path', 'The path through the model', model, batch);
