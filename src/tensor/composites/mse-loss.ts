import { ensure } from '../../core/errors.ts';
import { formatShape, sameShape } from '../../core/shape.ts';
import { ensureFloat } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The mean squared error, PyTorch's `mse_loss`: the mean of (prediction - target)² over all elements, a scalar. Both are float32 of one shape;
 * nothing broadcasts. Throws where they differ.
 */
export function mseLoss(prediction: Tensor, target: Tensor): Tensor {
  ensureFloat('mseLoss', prediction, target);
  ensure(
    sameShape(prediction.shape, target.shape),
    () =>
      `mseLoss: the prediction ${formatShape(prediction.shape)} and the target ${formatShape(target.shape)} must have the same shape`,
  );
  return prediction.sub(target).square().mean();
}
