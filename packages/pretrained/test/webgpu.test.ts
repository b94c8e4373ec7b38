import { describe, expect, it } from 'vitest';
import { onWebGpu } from '../../kernels-webgpu/test/on-webgpu.ts';
import { clip } from '../src/families/clip.ts';
import { dinov2 } from '../src/families/dinov2.ts';
import { siglip } from '../src/families/siglip.ts';
import { tipsv2 } from '../src/families/tipsv2.ts';
import { uta } from '../src/families/uta.ts';
import { expectOutputs, TOLERANCES } from './compare-with-reference.ts';

describe('the towers of each family', () => {
  onWebGpu((_, precision) => {
    it.each([
      ['tipsv2', () => expectOutputs({ family: tipsv2, form: 'tipsv2' }, TOLERANCES[precision])],
      ['clip', () => expectOutputs({ family: clip, form: 'clip' }, TOLERANCES[precision])],
      ['siglip', () => expectOutputs({ family: siglip, form: 'siglip' }, TOLERANCES[precision])],
      ['dinov2', () => expectOutputs({ family: dinov2, form: 'dinov2-with-registers' }, TOLERANCES[precision])],
      ['uta', () => expectOutputs({ family: uta, form: 'uta', files: ['model.pt'] }, TOLERANCES[precision])],
    ])(
      '%s gives what the reference gives',
      async (_name, compare) => {
        await compare();
        expect.hasAssertions();
      },
      300_000, // A driver in software compiles shaders for seconds each.
    );
  });
});
