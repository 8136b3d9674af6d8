/**
 * Speculative decoding beside plain decoding: GPT-2 124M with random weights writes given texts, which stands for a trained model that would choose
 * them. Every pass is real; only the choice is given. Plain and look-up take turns in one process.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decoder, generateTokens, LookupDraft } from '../src/generate/index.ts';
import { GPT2, gpt2 } from '../src/models/index.ts';
import { Random } from '../src/random/random.ts';
import { setRuntime } from '../src/runtime/index.ts';
import { createNodeRuntime } from '../src/runtime/node/node-runtime.ts';
import { GPT2Tokenizer } from '../src/tokenizer/index.ts';
import { threads } from './configurations.ts';
import { progress, type Section } from './section.ts';
import { median } from './statistics.ts';

const rounds = 5;
/** The most tokens to write; a shorter text is written whole. */
const tokens = 150;

/** A decoder whose likeliest token is always the next one of a script. */
class ScriptedDecoder extends Decoder {
  script: readonly number[] = [];

  override async append(...[cache, ids]: Parameters<Decoder['append']>) {
    const logits = await super.append(cache, ids);
    this.#follow(logits[0]!, cache.lengths[0]!);
    return logits;
  }

  override async score(...[cache, text, ids]: Parameters<Decoder['score']>) {
    const from = cache.lengths[text]!;
    const rows = await super.score(cache, text, ids);
    for (const [i, row] of rows.entries()) this.#follow(row, from + i + 1);
    return rows;
  }

  #follow(logits: Float32Array, position: number) {
    logits[this.script[position]!] = 1e9;
  }
}

const root = join(import.meta.dirname, '..');
const tokenizer = new GPT2Tokenizer();
/** A change to code: a file, and then the same file with a parameter renamed. */
const code = readFileSync(join(root, 'src/generate/kv-cache.ts'), 'utf8').slice(0, 1400);
const changed = code.replaceAll('batchSize', 'texts').replaceAll('capacity', 'room');
/** A text that quotes an earlier one. */
const novel = readFileSync(join(root, 'data/pride-and-prejudice.txt'), 'utf8').slice(3000);
const passage = novel.slice(0, 1200);
const quotations = `In short: "${passage.slice(200, 420)}" And later: "${passage.slice(600, 900)}"`;
const texts = {
  'a change to code': [`${code}\n// The same with other names:\n`, changed],
  'a summary with quotations': [passage, quotations],
  'a novel': [passage, novel.slice(1200, 4000)],
} as const;

export async function benchmarkSpeculation(): Promise<Section> {
  setRuntime(await createNodeRuntime({ threads }));
  const model = new GPT2({ ...gpt2.small, dropRate: 0, qkvBias: true, tiedHead: true }, new Random(1));
  const rows = [
    '## Writing with guesses from the text so far',
    '',
    '| weights | text | plain, tokens/s | look-up, tokens/s | ratio of medians | of best times |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  const ratios: Section['ratios'] = {};
  for (const quantize of [undefined, 'q8', 'q4'] as const) {
    await using decoder = new ScriptedDecoder(model, { quantize });
    for (const [title, [before, after]] of Object.entries(texts)) {
      const prompt = tokenizer.encode(before);
      const continuation = tokenizer.encode(after).slice(0, tokens);
      decoder.script = [...prompt, ...continuation];
      const write = async (isPlain: boolean) => {
        const draft = isPlain ? undefined : new LookupDraft();
        const written: number[] = [];
        let start = 0;
        for await (const { id } of generateTokens(decoder, prompt, {
          temperature: 0,
          maxTokens: continuation.length,
          draft,
        })) {
          if (written.length === 0) start = performance.now(); // the prompt is read
          written.push(id);
        }
        if (written.join() !== continuation.join()) throw new Error('the text is not the given one');
        return (performance.now() - start) / 1000 / (continuation.length - 1);
      };
      await write(true);
      const [plain, lookup]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        for (const isPlain of round % 2 === 0 ? [true, false] : [false, true]) {
          (isPlain ? plain : lookup).push(await write(isPlain));
        }
      }
      const [a, b] = [median(plain), median(lookup)];
      const best = Math.min(...plain) / Math.min(...lookup);
      ratios[`${quantize ?? 'f32'}, look-up: ${title}`] = { median: a / b, best };
      const rates = `${(1 / a).toFixed(0)} | ${(1 / b).toFixed(0)}`;
      rows.push(`| ${quantize ?? 'float32'} | ${title} | ${rates} | ${(a / b).toFixed(2)} | ${best.toFixed(2)} |`);
      progress(rows.at(-1)!);
    }
  }
  return { markdown: [...rows, ''].join('\n'), ratios };
}
