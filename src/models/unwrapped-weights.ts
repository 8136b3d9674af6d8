import { ensure } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { WeightSource } from './named-weights.ts';

/** What PyTorch's tools put into the names of what they wrap: torch.compile, FSDP and activation checkpointing. */
const wrappers = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\./g;
/** What data-parallel training and PEFT put before all names. */
const prefixes = /^(?:module|base_model\.model)\./;

/**
 * Tensors under the names that the model itself gives them, and the names in the file. Weights are often saved with the wrappers of the tools
 * that the model was trained with.
 *
 * @throws TsgptError if two tensors have the same name without wrappers, or if some belong to an adapter
 */
export function unwrapNames(names: Iterable<string>): Map<string, string> {
  const unwrapped = new Map<string, string>();
  for (const name of names) {
    ensure(
      !/\.lora_(?:A|B|embedding_A|embedding_B|magnitude_vector)\b/.test(name),
      () =>
        `the weights have ${printable(name)}, a part of an adapter (LoRA) that was not merged into them; merge it with PEFT's merge_and_unload`,
    );
    const plain = unwrapName(name);
    ensure(!unwrapped.has(plain), () => `the weights have ${printable(plain)} twice, with and without wrappers`);
    unwrapped.set(plain, name);
  }
  return unwrapped;
}

function unwrapName(name: string): string {
  const inner = name.replace(wrappers, '$1').replace(prefixes, '');
  return inner === name ? name : unwrapName(inner);
}

/** The same weights under the names that the model itself gives them. Throws as {@link unwrapNames} does. */
export function unwrapped(source: WeightSource): WeightSource {
  const { tensors } = source;
  if (!tensors) return source;
  const names = unwrapNames(tensors.keys());
  if ([...names].every(([plain, name]) => plain === name)) return source;
  const nameOf = (plain: string) => names.get(plain) ?? plain;
  return {
    tensors: new Map(Array.from(names, ([plain, name]) => [plain, tensors.get(name)])),
    has: (plain) => names.has(plain),
    readFloats: (plain) => source.readFloats(nameOf(plain)),
    ...(source.locate && { locate: (plain: string) => source.locate!(nameOf(plain)) }),
  };
}
