import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../support/load-model.ts';
import { expectSentence, temporaryFolder, trainedFolder, tsgpt } from '../support/run-cli.ts';
import { hasShared, shared } from '../support/shared.ts';
import { descriptionOf, textsOf } from '../support/svg.ts';

/** The cells of the rows of a table as it is printed, without its head. */
function rowsOf(stdout: string): string[][] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('│'));
  return lines.slice(1).map((line) => line.split('│').slice(1, -1).map((cell) => cell.trim())); // biome-ignore format: one line
}

describe('inspect', () => {
  it("shows what comes out of every part of a training run's model", async () => {
    const folder = await trainedFolder();
    const { code, stdout, stderr } = await tsgpt('inspect', folder, '--prompt', 'the cat');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('7 tokens: "t" "h" "e" " " "c" "a" "t"');
    const rows = rowsOf(stdout);
    expect(rows.map(([name]) => name)).toEqual([
      'tokens',
      'tokenEmbedding',
      'positions',
      'embeddings',
      ...['attentionNorm', 'attention', 'attended', 'feedForwardNorm', 'feedForward'].map((part) => `blocks.0.${part}`),
      'blocks.0',
      'finalNorm',
      'logits',
    ]);
    const [, shape, mean, deviation, smallest, largest] = rows.find(([name]) => name === 'blocks.0')!;
    expect(shape).toBe('[1, 7, 16]');
    for (const value of [mean, deviation, smallest, largest]) expect(Number(value)).not.toBeNaN();
    expect(Number(smallest)).toBeLessThan(Number(largest));

    const all = rowsOf((await tsgpt('inspect', folder, '-p', 'the cat', '--all')).stdout);
    expect(all.map(([name]) => name)).toContain('blocks.0.attention.weights');
    expect(all.length).toBeGreaterThan(rows.length);
  });

  it('shows and draws attention', async () => {
    const folder = await trainedFolder();
    const svg = join(temporaryFolder(), 'heads.svg');
    const { stdout } = await tsgpt('inspect', folder, '-p', 'cat', '--attention', '0.1');
    const rows = rowsOf(stdout);
    expect(rows.map(([name]) => name)).toEqual(['"c"', '"a"', '"t"']);
    rows.forEach(([, ...shares], i) => {
      const percents = shares.filter((share) => share !== '').map((share) => Number.parseInt(share, 10));
      expect(percents).toHaveLength(i + 1); // nothing from the future
      expect(Math.abs(percents.reduce((a, b) => a + b) - 100)).toBeLessThanOrEqual(2);
    });
    const summary = await tsgpt('inspect', folder, '-p', 'cat', '--attention', '0', '--svg', svg);
    expect(rowsOf(summary.stdout).map(([name, head]) => `${name} ${head}`)).toEqual([
      'blocks.0.attention 0',
      'blocks.0.attention 1',
    ]);
    expect(textsOf(readFileSync(svg, 'utf8'))).toEqual(
      expect.arrayContaining(['Attention of blocks.0.attention', 'head 0', 'head 1']),
    );
    await tsgpt('inspect', folder, '-p', 'c t\n', '--attention', '0.1', '--svg', svg);
    const texts = textsOf(readFileSync(svg, 'utf8'));
    expect(texts).toContain('Attention of blocks.0.attention, head 1');
    expect(texts).toEqual(expect.arrayContaining(['c', '␣', 't', '↵']));
    expect(descriptionOf(readFileSync(svg, 'utf8'))).toContain('of row ␣ is');
  });

  it('gives everything as JSON', async () => {
    const args = ['-p', 'cat', '--json', '--lens', '--predictions', '2', '--attention'];
    const { stdout } = await tsgpt('inspect', await trainedFolder(), ...args);
    const { tokens, journey, attention, lens } = JSON.parse(stdout);
    expect(tokens.map(({ text }: { text: string }) => text)).toEqual(['c', 'a', 't']);
    expect(journey.at(-1).name).toBe('logits');
    expect(attention[0].heads[1].weights).toHaveLength(3);
    expect(lens.map(({ name }: { name: string }) => name)).toEqual(['embeddings', 'blocks.0']);
    expect(lens[0].predictions).toHaveLength(2);
  });

  it('reads presets and, where it is there, a published model', async () => {
    const untrained = await tsgpt('inspect', 'char-tiny', '-p', 'Hello', '--lens');
    expect(untrained.stdout).toContain('char-tiny, untrained');
    expect(rowsOf(untrained.stdout)).toHaveLength(3);
  });

  it.skipIf(!hasShared)('shows where a published model makes up its mind', async () => {
    const model = shared('models', 'tinystories-chat-3m-as-gpt2');
    const { stdout } = await tsgpt('inspect', model, '-p', 'Once upon a', '--lens');
    expect(rowsOf(stdout).at(-1)![1]).toMatch(/^" time" \d\d\.\d%$/);
  });

  it.skipIf(!hasShared)(
    'reads the token that every text begins with, so that it predicts what generate writes',
    async () => {
      const model = shared('models', 'tinystories-656k-llama');
      const prompt = ['-p', 'Once upon a time'];
      const { stdout } = await tsgpt('inspect', model, ...prompt, '--lens', '--json');
      const { tokens, lens } = JSON.parse(stdout);
      const written = await tsgpt('generate', model, ...prompt, '--max-tokens', '1', '--temperature', '0');
      expect(tokens[0].id).toBe((await loadModel(model)).tokenizer!.beginOfTextIds![0]);
      const texts: string[] = tokens.slice(1).map(({ text }: { text: string }) => text);
      expect(texts.join('').trimStart()).toBe('Once upon a time'); // with the spaces between words
      const [likeliest] = lens.at(-1).predictions;
      expect(written.stdout).toBe(`Once upon a time${likeliest.text}\n`);
    },
  );

  it.each([
    [[], 'inspect needs a text for the model to read; give one with --prompt or --prompt-file'],
    [['-p', ''], 'the prompt has no tokens'],
    [['-p', 'x'.repeat(33)], 'the prompt has 33 tokens, but the model sees at most 32'],
    [['-p', 'x', '--attention', 'first'], '--attention must be a block'],
    [['-p', 'x', '--attention', '2'], 'there is no block 2: the model has 2'],
    [['-p', 'x', '--attention', '0.2'], 'there is no head 2: block 0 has 2'],
    [['-p', 'x', '--lens', '--predictions', '0'], 'must be from 1 to'],
    [['-p', 'x', '--svg', 'x.svg'], '--svg draws attention; say which'],
  ])('%j is one sentence', async (args, about) => {
    expectSentence(await tsgpt('inspect', 'char-tiny', ...args), about);
    expect(existsSync('x.svg')).toBe(false);
  });

  it('says what it can read', async () => {
    expectSentence(await tsgpt('inspect', 'no-such-model', '-p', 'x'), 'no-such-model');
  });
});
