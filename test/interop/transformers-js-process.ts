// A program that loads an exported model with transformers.js, which brings an ONNX Runtime of its own, and writes with it. It is told on
// standard input what to do, a `Request`, and answers on standard output with a `Response`.
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Request {
  folder: string;
  dtype?: string;
  /** Prompts to continue one by one. */
  prompts: number[][];
  /** Prompts to continue side by side. */
  batch: number[][];
  newTokens: number;
  /** A prompt to continue until the model ends the text. */
  story: string;
}

export interface Response {
  greedy: number[][];
  batch: number[][];
  /** After each token of the first prompt. */
  logits: number[][];
  storyTokens: number[];
  story: string;
  /** What it tried to fetch over the network. */
  fetched: string[];
}

/** The part of the library that is used. Its own types are missing if the package is not installed. */
interface TransformersJs {
  env: Record<string, unknown>;
  Tensor: new (type: string, data: BigInt64Array, shape: number[]) => Tensor;
  AutoModelForCausalLM: { from_pretrained(name: string, options: object): Promise<Model> };
  AutoTokenizer: { from_pretrained(name: string): Promise<(text: string) => { input_ids: Tensor }> };
  pipeline(task: string, name: string, options: object): Promise<(text: string, options: object) => Promise<Written[]>>;
}
interface Tensor {
  tolist(): bigint[][];
}
interface Model {
  (inputs: object): Promise<{ logits: { tolist(): number[][][] } }>;
  generate(options: object): Promise<Tensor>;
}
interface Written {
  generated_text: string;
}

const fetched: string[] = [];
globalThis.fetch = async (address) => {
  fetched.push(String(address));
  throw new Error('this test is offline');
};

const require = createRequire(resolve('interop', 'package.json'));
const { env, Tensor, AutoModelForCausalLM, AutoTokenizer, pipeline } =
  require('@huggingface/transformers') as TransformersJs;

const { folder, dtype, prompts, batch, newTokens, story } = JSON.parse(await text(process.stdin)) as Request;
Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(folder), useFSCache: false });
const name = basename(folder);
const model = await AutoModelForCausalLM.from_pretrained(name, { dtype });

/** int64 rows of one length. */
function tensor(rows: readonly (readonly number[])[]): Tensor {
  return new Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]!.length]);
}

/** What follows each text; shorter ones are padded in front. */
async function continued(texts: readonly (readonly number[])[]): Promise<number[][]> {
  const longest = Math.max(...texts.map(({ length }) => length));
  const padding = texts.map(({ length }) => new Array<number>(longest - length).fill(0));
  const inputs = tensor(texts.map((ids, i) => [...padding[i]!, ...ids]));
  const attention_mask = tensor(texts.map((ids, i) => [...padding[i]!, ...ids.map(() => 1)]));
  const options = { max_new_tokens: newTokens, do_sample: false, eos_token_id: null };
  const written = await model.generate({ inputs, attention_mask, ...options });
  return written.tolist().map((row) => row.slice(longest).map(Number));
}

const greedy: number[][] = [];
for (const prompt of prompts) greedy.push((await continued([prompt]))[0]!);
const [first] = prompts as [number[]];
const { logits } = await model({ input_ids: tensor([first]), attention_mask: tensor([first.map(() => 1)]) });

const tokenize = await AutoTokenizer.from_pretrained(name);
const write = await pipeline('text-generation', name, { dtype });
const [written] = await write(story, { max_new_tokens: 400, do_sample: false, return_full_text: false });

const response: Response = {
  greedy,
  batch: await continued(batch),
  logits: logits.tolist()[0]!,
  storyTokens: tokenize(story).input_ids.tolist()[0]!.map(Number),
  story: written!.generated_text,
  fetched,
};
process.stdout.write(JSON.stringify(response));
