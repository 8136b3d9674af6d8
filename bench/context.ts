import { contexts } from './configurations.ts';
import { benchmarkLongPrompt } from './long-prompt.ts';
import type { Section } from './section.ts';
import { compareSteps } from './train-step.ts';

/** Long texts: training steps beside PyTorch, and reading a long prompt beside llama.cpp. `names` are contexts, or `prefill`; all by default. */
export async function benchmarkContexts(names: readonly string[] = []): Promise<Section> {
  const known = [...Object.keys(contexts), 'prefill'];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`there is no context ${unknown}; choose of ${known.join(', ')}`);
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const chosen = Object.entries(contexts).filter(([name]) => isWanted(name));
  const sections = [
    ...(chosen.length > 0 ? [await compareSteps(chosen, 'training step at context')] : []),
    ...(isWanted('prefill') ? [await benchmarkLongPrompt()] : []),
  ];
  return {
    markdown: sections.map(({ markdown }) => markdown).join('\n'),
    ratios: Object.assign({}, ...sections.map(({ ratios }) => ratios)),
  };
}
