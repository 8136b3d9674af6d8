import { defineComposite } from '../composite.ts';
import { where } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';

const applyZeroRows = defineComposite({
  name: 'zeroRows',
  definition: ([x, keep]) => [where(keep!, x!, 0)],
  // Zeros over the dropped rows alone, in place where the engine can: usually there are none, and nothing is read.
  lowering: (emitter, { inputs: [value] }, [x, keep]) => {
    const [rows, columns] = value!.shape as [number, number];
    const isDropped = emitter.emit('Not', [emitter.reshape(keep!, [rows, 1], [rows])]);
    const places = emitter.emit('Transpose', [emitter.emit('NonZero', [isDropped])], { attributes: { perm: [1, 0] } }); // [dropped, 1]
    const count = emitter.emit('Shape', [places], { attributes: { start: 0, end: 1 } });
    const shape = emitter.emit('Concat', [count, emitter.integers([columns])], { attributes: { axis: 0 } });
    const zeros = emitter.emit('Expand', [emitter.scalar(0, 'float32'), shape]); // [dropped, columns]
    return emitter.emit('ScatterND', [x!, places, zeros]);
  },
  gradient: (g, { inputs: [, keep] }) => [zeroRows(g, keep!), undefined],
});

/**
 * `x [n, columns]` with zeros in the rows where `keep`, bool `[n, 1]`, is false, whatever they hold. Multiplying by 0 would leave NaN and infinity; a
 * `where` would read and write every element.
 */
export function zeroRows(x: Tensor, keep: Tensor): Tensor {
  return applyZeroRows([x, keep], {})[0]!;
}
