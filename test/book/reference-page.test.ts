import { describe, expect, it } from 'vitest';
import { readableReference } from '../../book/build/reference-page.ts';

const page = (markdown: string) => readableReference(markdown, (path) => path === 'src/nn/layers.ts');

describe('a page of the reference', () => {
  it('has headings for symbols and groups of members only, with ids that differ', () => {
    const markdown = `# tsgpt/nn

## Classes

### Linear {#linear}

Defined in: [src/nn/layers.ts:15](source:)

#### Extends

- [\`Module\`](#module)
- [\`Other\`](#other)

#### Constructors

##### Constructor

\`\`\`ts
new Linear(count): Linear;
\`\`\`

Defined in: [src/nn/layers.ts:19](source:)

Made so.

###### Parameters

| Parameter | Type |
| ------ | ------ |
| \`count\` | \`number\` |

###### Returns

[\`Linear\`](#linear)

#### Methods

##### methods() {#methods}

\`\`\`ts
methods(): string;
\`\`\`

###### Returns

\`string\`

All of them.
`;
    expect(page(markdown)).toBe(`# tsgpt/nn

## Classes

### Linear {#linear}

<span class="defined">Defined in: [src/nn/layers.ts:15](/source/src/nn/layers#L15)</span>

**Extends** [\`Module\`](#module), [\`Other\`](#other)

#### Constructors {#linear-constructors}

\`\`\`ts
new Linear(count): Linear;
\`\`\`

Made so.

| Parameter | Type |
| ------ | ------ |
| \`count\` | \`number\` |

#### Methods {#linear-methods}

##### methods() {#methods}

\`\`\`ts
methods(): string;
\`\`\`

**Returns** \`string\`

All of them.
`);
  });

  it('links only to source files that have a page', () => {
    expect(page('Defined in: [src/nn/other.ts:7](source:)')).toBe(
      '<span class="defined">Defined in: src/nn/other.ts:7</span>',
    );
  });

  it('leaves a result alone that takes a block of code', () => {
    const block = '**Returns**\n\n```ts\n{\n  a: 1;\n}\n```\n';
    expect(page(block)).toBe(block);
  });

  it('lists what is exported again', () => {
    const references = `## References

### a {#a}

Re-exports [a](tsgpt/data.md#a)

***

### b {#b}

Re-exports [b](tsgpt/data.md#b)
`;
    expect(page(references)).toBe(
      '## Also exported here\n\n<div class="columns">\n\n- [a](tsgpt/data.md#a)\n- [b](tsgpt/data.md#b)\n\n</div>\n',
    );
  });
});
