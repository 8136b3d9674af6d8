const utf8 = new TextEncoder();
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** The definition, word for word: counts every pair anew before every merge. */
export function simpleMerges(words: Iterable<readonly [word: string, count: number]>, vocabSize: number): string[][] {
  const split = Array.from(words, ([word, count]) => ({ symbols: [...latin1(utf8.encode(word))], count }));
  const vocabulary = new Set(Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)));
  const merges: string[][] = [];
  while (vocabulary.size < vocabSize) {
    const counts = new Map<string, number>();
    for (const { symbols, count } of split) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = JSON.stringify([symbols[i], symbols[i + 1]]);
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    let best: string[] | undefined;
    for (const [pair, count] of counts) {
      const candidate = JSON.parse(pair) as string[];
      const bestCount = best ? counts.get(JSON.stringify(best))! : -1;
      const isGreater = best && (candidate[0]! > best[0]! || (candidate[0] === best[0] && candidate[1]! > best[1]!));
      if (count > bestCount || (count === bestCount && isGreater)) best = candidate;
    }
    if (!best) break;
    merges.push(best);
    vocabulary.add(best.join(''));
    for (const word of split) {
      const merged: string[] = [];
      for (let i = 0; i < word.symbols.length; i++) {
        const isPair = word.symbols[i] === best[0] && word.symbols[i + 1] === best[1];
        merged.push(isPair ? best.join('') : word.symbols[i]!);
        if (isPair) i++;
      }
      word.symbols = merged;
    }
  }
  return merges;
}
