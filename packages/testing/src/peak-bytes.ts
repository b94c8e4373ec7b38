import { engine } from '@tensorflow/tfjs-core';

type Engine = { state: { tensorInfo: Pick<WeakMap<object, { bytes: number }>, 'has' | 'get' | 'set' | 'delete'> } };

/** The most bytes in tensors that `f` has made, at a time. `memory().numBytes` would count values again for every tensor that shares them. */
export function peakBytes(f: () => void): number {
  const { state } = engine() as unknown as Engine;
  const { tensorInfo: infos } = state;
  let bytes = 0;
  let peak = 0;
  state.tensorInfo = {
    has: (id) => infos.has(id),
    get: (id) => infos.get(id),
    set(id, info) {
      bytes += info.bytes;
      peak = Math.max(peak, bytes);
      return infos.set(id, info);
    },
    delete(id) {
      bytes -= infos.get(id)?.bytes ?? 0;
      return infos.delete(id);
    },
  };
  f();
  state.tensorInfo = infos;
  return peak;
}
