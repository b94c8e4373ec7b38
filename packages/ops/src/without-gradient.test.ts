import { engine, memory, mul, ones, type Rank, sum, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { expectClose, expectNoLeak, onBackend, sampleTensor } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { linear } from './linear.ts';
import { withoutGradient } from './without-gradient.ts';

onBackend(['cpu', 'wasm'], () => {
  it('is a constant to the gradient', () => {
    tidy(() => {
      const x = tensor1d([2, 3]);
      // d/dx of x * stop(x^2) is stop(x^2), where that of x^3 would be 3 x^2.
      const { grads } = engine().gradients(
        () =>
          sum(
            mul(
              x,
              withoutGradient(() => mul(x, x)),
            ),
          ),
        [x],
      );
      expectClose(grads[0], [4, 9]);
    });
  });

  it('keeps nothing but its result while a gradient is being taken', () => {
    const [x, kernel] = [sampleTensor<Rank.R2>([4, 8]), ones([8, 8])];
    const deep = () => linear(linear(linear(x, { kernel }, 'gelu'), { kernel }, 'gelu'), { kernel }, 'gelu');
    const keptBy = (compute: () => Tensor) => {
      let kept = 0;
      const { value, grads } = engine().gradients(() => {
        const before = memory().numTensors;
        const y = compute();
        kept = memory().numTensors - before;
        return sum(mul(y, linear(x, { kernel })));
      }, [kernel]);
      for (const tensor of [value, ...grads]) tensor.dispose();
      return kept;
    };
    expect(keptBy(() => withoutGradient(deep))).toBe(1);
    expect(keptBy(deep)).toBeGreaterThan(5);
    for (const tensor of [x, kernel]) tensor.dispose();
  });

  it('hands back its result and nothing else, also when it throws', () => {
    const x = ones([3]);
    expectNoLeak(() => [withoutGradient(() => mul(mul(x, 2), 3))]);
    const depth = engine().state.gradientDepth;
    expect(() =>
      withoutGradient(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(engine().state.gradientDepth).toBe(depth);
    x.dispose();
  });
});
