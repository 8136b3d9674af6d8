import { describe, expect, it } from 'vitest';
import { DocumentEncoder } from '../../../src/tokenizer/document-encoder.ts';
import { HuggingFaceTokenizer } from '../../../src/tokenizer/index.ts';
import { publishedForms } from '../../support/published-forms.ts';

describe('DocumentEncoder', () => {
  // Decoding does not give back what these change, so that the text of tokens is no end of the text.
  it.each(['lowercase', 'uncased', 'without marks', 'whitespace', 'words of BERT'])(
    'holds back only the end of a long text, also with a tokenizer that changes it: %s',
    (name) => {
      const tokenizer = new HuggingFaceTokenizer(publishedForms.find((form) => form.name === name)!.file);
      const text = 'Once Upon A Time there was a CAFÉ, cafe\u0301! '.repeat(200);
      const encoder = new DocumentEncoder(tokenizer);
      const first = encoder.push(text);
      expect(first.text.length).toBeGreaterThan(0.8 * text.length);
      const rest = encoder.push('And then It ended.');
      const ids = [...first.ids, ...rest.ids, ...encoder.end().ids];
      expect(ids).toEqual(tokenizer.encode(`${text}And then It ended.`));
    },
  );
});
