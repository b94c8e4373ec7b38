import { add, engine, memory, mul, square, sum, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { remat } from './remat.ts';

/** A feed-forward block with much inside: width 4, hidden 32. */
const block = (x: Tensor, scale: Tensor, bias: Tensor, up: Tensor, down: Tensor): Tensor =>
  tidy(() => add(x, linear(linear(layerNorm(x, { scale, bias }), { kernel: up }, 'gelu'), { kernel: down })));
const inputs = () => [
  sampleTensor([10, 4]),
  sampleTensor([4], 2),
  sampleTensor([4], 3),
  sampleTensor([4, 32], 4),
  sampleTensor([32, 4], 5),
];

onBackend(['cpu', 'wasm'], () => {
  it('changes neither value nor gradients', () => {
    tidy(() => {
      const xs = inputs();
      // Ops before, after and around, so that the tape of the outer pass is in use while the inner one is made and cleared.
      const outer = (f: typeof block) => () => sum(square(f(block(mul(xs[0], 2), ...rest), ...rest)));
      const rest = xs.slice(1) as [Tensor, Tensor, Tensor, Tensor];
      const plain = engine().gradients(outer(block), xs);
      const again = engine().gradients(
        outer((...args) => remat(block as (...inputs: Tensor[]) => Tensor, args)),
        xs,
      );
      expectClose(again.value, plain.value);
      for (const [i, gradient] of plain.grads.entries()) expectClose(again.grads[i], gradient, 1e-4);
    });
  });

  it('has the gradients of finite differences, nested and several in a row', () => {
    tidy(() => {
      const nested = (...xs: Tensor[]) => remat((...ys) => remat((...zs) => block(...(zs as Parameters<typeof block>)), ys), xs);
      expectGradient((...xs) => nested(nested(...xs), ...xs.slice(1)), inputs(), { coordinates: 4 });
    });
  });

  it('keeps only inputs and output between the forward and the backward pass', () => {
    tidy(() => {
      const xs = inputs() as Parameters<typeof block>;
      const kept = (f: typeof block) => {
        const before = memory().numBytes;
        let bytes = 0;
        engine().gradients(() => {
          const y = f(...xs);
          bytes = memory().numBytes - before;
          return y;
        }, [...xs]);
        return bytes;
      };
      const inputBytes = 4 * xs.reduce((total, x) => total + x.size, 0);
      const outputBytes = 4 * xs[0].size;
      // tfjs counts a saved tensor in full, also where it shares its memory with the original.
      expect(kept((...args) => remat(block as (...inputs: Tensor[]) => Tensor, args))).toBe(inputBytes + outputBytes);
      // The hidden layer before and after its activation.
      expect(kept(block)).toBeGreaterThan(inputBytes + outputBytes + 2 * 4 * 10 * 32);
    });
  });

  it('gives zeros to an input that the value does not depend on', () => {
    tidy(() => {
      const [a, b] = [tensor1d([1, 2]), tensor1d([1, 2, 3])];
      const { grads } = engine().gradients(() => remat((x) => square(x), [a, b]), [a, b]);
      expectClose(grads[0], [2, 4]);
      expectClose(grads[1], [0, 0, 0]);
    });
  });

  it('leaves nothing behind, after forward alone or with gradients', () => {
    tidy(() => {
      const xs = inputs();
      const run = () => remat((...args) => block(...(args as Parameters<typeof block>)), xs);
      expectNoLeak(() => [run()]);
      expectNoLeak(() => {
        const { value, grads } = engine().gradients(run, xs);
        return [value, ...grads];
      });
    });
  });
});
