import { engine } from '@tensorflow/tfjs-core';

/** `tidy` for a function that waits: every tensor made until it ends is disposed. In tests only, where nothing else makes tensors meanwhile. */
export async function tidyAsync<T>(f: () => Promise<T>): Promise<T> {
  engine().startScope();
  try {
    return await f();
  } finally {
    engine().endScope();
  }
}
