import * as ort from 'onnxruntime-node';
import { outOfMemory } from '../../core/out-of-memory.ts';
import { encodeModel } from '../../formats/onnx/encode.ts';
import type { OnnxModel } from '../../formats/onnx/model.ts';
import { folderOption, inMemoryOrInFiles, placesOf } from './external-places.ts';
import { largestFirst } from './largest-first.ts';
import type { Noting } from './profiling.ts';

/** Loads a model into ONNX Runtime; its constants stay where they are, in memory or in files. */
export async function createSession(
  model: OnnxModel,
  { threads, keepAwake }: { threads: number; keepAwake: boolean },
  noting: Noting,
): Promise<ort.InferenceSession> {
  const { model: small, external } = await inMemoryOrInFiles(model);
  const { inMemory, folder, inFolder } = await placesOf(external);
  const initializers = small.initializers.map((tensor) => ({
    ...tensor,
    data: inFolder.get(tensor.name) ?? tensor.data,
  }));
  return tellingOfMemory(
    ort.InferenceSession.create(encodeModel({ ...small, nodes: largestFirst(small), initializers }), {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4, // errors are thrown; they need not be printed, too
      // With a memory plan from the first run, everything would be allocated a second time.
      enableMemPattern: false,
      // Waiting threads spin for a while, in case more work comes.
      extra: { session: { force_spinning_stop: keepAwake ? '0' : '1', ...folderOption(folder) } },
      externalData: inMemory,
      ...noting,
    }),
  );
}

/** Says in words if there was no memory for some work. */
export async function tellingOfMemory<T>(work: Promise<T>): Promise<T> {
  return work.catch((error) => {
    throw outOfMemory(error) ?? error;
  });
}
