import { env } from '@tensorflow/tfjs-core';

/** Runs `f` while tfjs keeps its notices (advice to install other packages, platforms set twice) to itself. Errors are thrown as ever. */
export async function quietly<T>(f: () => T | Promise<T>): Promise<T> {
  const before = env().getBool('IS_TEST');
  env().set('IS_TEST', true);
  try {
    return await f();
  } finally {
    env().set('IS_TEST', before);
  }
}
