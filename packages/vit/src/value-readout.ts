import { add, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { type LinearParams, layerNorm, linear } from '@vitrail/ops';
import { applyMlp, type BlockConfig, type BlockParams, scaledLayer } from './block.ts';

/**
 * A block whose attention is replaced by the identity: every token keeps its own value instead of mixing those of others, which makes
 * patch features local.
 *
 * With `u = W_o (W_v LN1(x) + b_v) + b_o` per token (times `ls1`, where there is LayerScale):
 * - `value`: `x' = x + u`, `y = x' + MLP(LN2(x'))`. Residual and MLP stay: the zero-shot segmentation of TIPS and TIPSv2 (TIPS notebook
 *   `TIPS_zeroshot_segmentation`, `encode_image_value_attention`)
 * - `value-only`: `y = u`. "Extract Free Dense Labels from CLIP" (MaskCLIP), Zhou et al. 2022 (arXiv 2112.01071), section 3.2
 *
 * @param x `[B, N, D]`
 * @returns `[B, N, D]`, the caller's
 */
export function readValues(config: BlockConfig, params: BlockParams, x: Tensor3D, readout: 'value' | 'value-only'): Tensor3D {
  return tidy(() => {
    const values = linear(layerNorm(x, params.norm1, config.epsilon), valueProjection(params.attn.qkv, config.width));
    const projected = linear(values, scaledLayer(params.attn.proj, params.ls1)) as Tensor3D; // [B, N, D]
    if (readout === 'value-only') return projected;
    const kept = add(x, projected);
    return add(kept, applyMlp(config, params, kept));
  });
}

/** The last third of the packed projection: kernel `[D, D]`, bias `[D]`. */
function valueProjection({ kernel, bias }: LinearParams, width: number): LinearParams {
  return {
    kernel: slice(kernel, [0, 2 * width], [width, width]),
    ...(bias && { bias: slice(bias, [2 * width], [width]) }),
  };
}
