// Lesson 4: the whole path from ids to logits, with blocks that do nothing yet.
import {
  Embedding,
  type GPT2Config,
  GPT2Tokenizer,
  gpt2,
  Linear,
  Module,
  observe,
  seedParameters,
  type Tensor,
  tensor,
} from 'tsgpt';
import { modelGraph } from 'tsgpt/inspect';
import { graphSvg } from './kit/graph-drawing.ts';
import { picture, section } from './kit/lesson.ts';
import { drawable } from './kit/model-drawing.ts';

section('The model with empty blocks');
class PlaceholderBlock extends Module {
  forward(x: Tensor): Tensor {
    return x.mul(tensor(1)); // lessons 4 to 8 put something here
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
    const positions = this.positionEmbedding.weight
      .slice([0, tokens.shape[1]!])
      .named('positions'); // [time, embDim]
    let x = this.tokenEmbedding
      .forward(tokens)
      .add(positions)
      .named('embeddings'); // [batch, time, embDim]
    for (const block of this.blocks) x = block.forward(x);
    return this.head.forward(x); // [batch, time, vocabSize]
  }
}

section('Logits');
const tokenizer = new GPT2Tokenizer();
const sentences = ['Every effort moves you', 'Every day holds a'];
const batch = tensor(
  sentences.map((sentence) => tokenizer.encode(sentence)),
  { dtype: 'int32', name: 'tokens' },
);
seedParameters(123);
const model = new PlaceholderGPT({ ...gpt2.small, nLayers: 2 });
const logits = model.forward(batch);
console.log(logits);
console.log(await logits.print());

section('A guess for the next token');
const guesses = await logits.argmax(-1).array<number[][]>(); // [batch, time]
for (const [i, ids] of guesses.entries()) {
  console.log(
    `${sentences[i]} → ${JSON.stringify(tokenizer.decode([ids.at(-1)!]))}`,
  );
}

section('The path, drawn from the graph');
const inside = observe(model, () => model.forward(batch));
const graph = drawable(modelGraph(new Map([['tokens', batch], ...inside])));
picture(
  'path',
  await graphSvg({
    title: 'The path through a placeholder GPT',
    description: 'Two sentences of four tokens become logits.',
    ...graph,
  }),
);
