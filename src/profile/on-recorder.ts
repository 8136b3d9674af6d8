import { getRuntime, setRuntime } from '../runtime/index.ts';
import { Recorder } from './recorder.ts';

/** Calls `work` while a {@link Recorder} over the current runtime is the current one; afterwards the models that it loaded are freed. */
export async function onRecorder<T>(work: (recorder: Recorder) => Promise<T>): Promise<T> {
  const runtime = await getRuntime();
  const recorder = new Recorder(runtime);
  setRuntime(recorder);
  try {
    return await work(recorder);
  } finally {
    setRuntime(runtime);
    await recorder.dispose();
  }
}
