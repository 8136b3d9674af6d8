import { describe, expect, it } from 'vitest';
import { exportsOf, publicModules } from '../support/public-functions.ts';

describe('the public names', () => {
  it('are those on record: a change of them is a decision', async () => {
    const listing = publicModules.map(({ name, source }) => {
      const exported = exportsOf(source).map(({ name, isType }) => `${isType ? 'type ' : ''}${name}`);
      const names = [...new Set(exported)].sort((a, b) => (a < b ? -1 : 1));
      return [`# ${name}`, ...names, ''].join('\n');
    });
    await expect(listing.join('\n')).toMatchFileSnapshot('public-api.txt');
  });

  it('are about ninety at the root', () => {
    expect(exportsOf('src/index.ts').length).toBeLessThanOrEqual(105);
  });
});
