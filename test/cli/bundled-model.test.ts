import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { novelOf } from '../../scripts/small-model/novels.ts';
import { bundledNovelPath } from '../../src/disk/bundled.ts';
import { measurePerplexity } from '../../src/measure/index.ts';
import { openModel } from '../../src/node.ts';
import { textSourceOf } from '../../src/text/index.ts';
import { tsgpt } from '../support/run-cli.ts';

const remark = 'no model given, so this is austen, the small one that comes with tsgpt\n';

describe('the bundled model', () => {
  it('writes words where generate is given no model, the same with the same seed', async () => {
    const flags = ['-p', 'Elizabeth was', '-n', '60', '--seed', '1'];
    const { code, stdout, stderr } = await tsgpt('generate', ...flags);
    expect([code, stderr]).toEqual([0, remark]);
    expect(await tsgpt('generate', 'austen', ...flags)).toEqual({ code, stdout, stderr: '' });
    // Nearly every word is one that the novel has.
    const known = new Set(
      readFileSync(bundledNovelPath(), 'utf8')
        .toLowerCase()
        .match(/[a-z]+/g),
    );
    const words = stdout
      .toLowerCase()
      .match(/[a-z]+/g)!
      .slice(0, -1); // the last may be cut
    expect(words.length).toBeGreaterThan(35);
    expect(words.filter((word) => known.has(word)).length / words.length).toBeGreaterThan(0.9);
  });

  it('is what inspect looks into without a model', async () => {
    const { code, stdout, stderr } = await tsgpt('inspect', '-p', 'Elizabeth was', '--lens');
    expect([code, stderr]).toEqual([0, remark]);
    expect(stdout).toContain('Elizabeth');
  });

  it('has the perplexity that data/README.md says on the end of the novel, which it has not read', async () => {
    const { heldOut } = novelOf('pride', readFileSync(bundledNovelPath(), 'utf8'));
    const opened = await openModel('austen');
    let result: { perplexity: number; bitsPerByte: number } | undefined;
    for await (const measured of measurePerplexity(await opened.model(), opened.tokenizer!, textSourceOf(heldOut)))
      result = measured as typeof result;
    const [, perplexity, bits] = /Pride and Prejudice \| [\d,]+ \| ([\d.]+) \| ([\d.]+) \|/.exec(
      readFileSync('data/README.md', 'utf8'),
    )!;
    expect(result!.perplexity).toBeCloseTo(Number(perplexity), 1);
    expect(result!.bitsPerByte).toBeCloseTo(Number(bits), 2);
  });
});
