import {
  fanInUniform,
  filled,
  type InitializationRule,
  type Initializer,
  initParameters,
  normal,
  type Rng,
  truncatedNormal,
  VitrailError,
  xavierUniform,
} from '@vitrail/core';
import { type EvaVitConfig, type EvaVitParams, evaVitShapes } from './eva-vit.ts';
import { requireTower } from './require-tower.ts';

/** How a tower of EVA starts: as UTA's code, or as EVA-02 was pretrained. */
export type EvaVitInitialization = 'uta' | 'eva02';

/**
 * A freshly initialised vision tower of EVA. Biases are 0 and norm scales 1.
 *
 * - `uta` (the default): kernels, head, positions, CLS and mask token N(0, 0.02^2); of these, kernels that end in the residual
 *   are divided by `sqrt(2 (l + 1))` in block l, counted from 0; patch embedding uniform within `1 / sqrt(inputs)`
 * - `eva02`: kernels and head Xavier-normal (queries, keys, values, gate and value each as a kernel of its own), patch
 *   embedding Xavier-uniform, positions, CLS and mask token N(0, 0.02^2) cut at two deviations; where there is `ffnNorm`,
 *   kernels of values, of the attention's output and of the MLP are multiplied by `sqrt(ln(2 depth))`, the gain of sub-LN.
 *   Follows the width, which suits towers much narrower than B
 *
 * Which of the two UTA was pretrained with is not published. Deviations: its code multiplies the head by 0.001, which a cosine
 * loss does not see but in the rounding of its norm; it draws the bias of the patch embedding, 0 here; EVA-02 cuts normal
 * distributions at one deviation.
 *
 * @param rng each parameter draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @see jihaonew/UTA `eva_vit.py` (_init_weights, fix_init_weight); baaivision/EVA `EVA-02/asuka/modeling_pretrain.py`
 *   (_jax_init); "Foundation Transformers", Wang et al. 2022 (arXiv 2210.06423), section 2.2
 * @example initEvaVit(evaVitPresets['B/16'], createRng(0)).head?.kernel.shape // [768, 1024]
 */
export function initEvaVit(
  config: EvaVitConfig,
  rng: Rng,
  { initialization = 'uta' }: { initialization?: EvaVitInitialization } = {},
): EvaVitParams {
  requireEvaVit(config);
  const rule = initialization === 'uta' ? utaRule(config) : eva02Rule(config);
  return initParameters(evaVitShapes(config), rng, [...rule, ['**.scale', filled(1)], ['**.bias', filled(0)]]) as EvaVitParams;
}

function utaRule({ depth }: EvaVitConfig): InitializationRule {
  const ending = Array.from({ length: depth }, (_, block) => {
    const small = normal(0.02 / Math.sqrt(2 * (block + 1)));
    return ['attn.proj', 'mlp.w3', 'mlp.fc2'].map((layer) => [`blocks.${block}.${layer}.kernel`, small] as const);
  });
  const rest = ['cls', 'position', 'maskToken', '**.kernel'].map((pattern) => [pattern, normal(0.02)] as const);
  return [['patchEmbed.kernel', fanInUniform], ...ending.flat(), ...rest];
}

function eva02Rule({ width, depth, ffnNorm }: EvaVitConfig): InitializationRule {
  const gain = ffnNorm ? Math.sqrt(Math.log(2 * depth)) : 1;
  const tokens = ['cls', 'position', 'maskToken'].map((pattern) => [pattern, truncatedNormal(0.02)] as const);
  return [
    ...tokens,
    ['patchEmbed.kernel', xavierUniform()],
    ['**.qkv.kernel', (shape, rng) => xavierNormal({ parts: 3 })(shape, rng).map(valuesTimes(gain, width))],
    ['**.w12.kernel', xavierNormal({ parts: 2, gain })],
    ['head.kernel', xavierNormal()],
    ['**.kernel', xavierNormal({ gain })],
  ];
}

/** N(0, gain^2 2 / (inputs + outputs)) for a kernel `[inputs, parts * outputs]`: Glorot, Bengio 2010. */
function xavierNormal({ parts = 1, gain = 1 } = {}): Initializer {
  return (shape, rng) => {
    const [inputs, outputs] = shape;
    return normal(gain * Math.sqrt(2 / (inputs + outputs / parts)))(shape, rng);
  };
}

/** For numbers of a packed kernel `[D, 3D]`: those of the last third of its columns, times `gain`. */
function valuesTimes(gain: number, width: number): (value: number, index: number) => number {
  return (value, index) => (index % (3 * width) >= 2 * width ? gain * value : value);
}

function requireEvaVit({ imageSize, patchSize, width, heads, depth, mlp, rotaryGrid, embedding }: EvaVitConfig): void {
  requireTower('initEvaVit', {
    ...{ width, heads, depth, imageSize, patchSize, 'mlp.hidden': mlp.hidden, 'imageSize / patchSize': imageSize / patchSize },
    ...(rotaryGrid !== undefined && { rotaryGrid }),
    ...(embedding !== undefined && { embedding }),
  });
  if (rotaryGrid !== undefined && (width / heads) % 4 !== 0) {
    throw new VitrailError(
      'invalid-argument',
      `initEvaVit: heads with rotary positions have a multiple of 4 dimensions, but a width of ${width} in ${heads} heads came`,
    );
  }
}
