import { expandDims, mul, ones, reshape, type Tensor, type Tensor3D, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import type { TensorData } from '@vitrail/checkpoints';
import { flattenTree, type TensorTree, treeLeaves, unflattenTree } from '@vitrail/core';
import { resizeBilinear } from '@vitrail/ops';
import type { VitConfig } from '@vitrail/vit';
import { saveParameters } from '../load-parameters.ts';
import type { Naming } from '../naming.ts';

/** What a form of vision towers holds besides, or leaves out. */
export type VisionForm = {
  /** G of its position table. */
  readonly positionGrid: number;
  /** Whether it has a mask token. */
  readonly maskToken: boolean;
  /** Whether it has LayerScale. */
  readonly layerScale: boolean;
};

/**
 * The tensors of a vision tower in a form, computing the same: positions resized as `applyVit` resizes them, a mask token of zeros where
 * there was none or none where there was one, LayerScale of ones or multiplied into the layer before it.
 *
 * @param params the caller's
 * @param naming of the configuration that the form makes of `config`
 */
export async function saveVision(
  config: VitConfig,
  params: TensorTree,
  form: VisionForm,
  naming: (config: VitConfig) => Naming,
): Promise<Record<string, TensorData>> {
  const { layerScale, ...rest } = config;
  const scaled = form.layerScale ? { layerScale: layerScale ?? 1 } : {};
  const fitted = { ...rest, ...scaled, positionGrid: form.positionGrid, maskToken: form.maskToken };
  const given = new Set<Tensor>(treeLeaves<Tensor>(params));
  const tree = tidy(() => fitParameters(config, params, form));
  try {
    return await saveParameters(tree, naming(fitted));
  } finally {
    for (const leaf of treeLeaves<Tensor>(tree)) if (!given.has(leaf)) leaf.dispose();
  }
}

/** Leaves are those of `params` wherever nothing changes. */
function fitParameters({ width, depth, positionGrid, mlp }: VitConfig, params: TensorTree, form: VisionForm): TensorTree {
  const flat: Record<string, Tensor> = { ...flattenTree<Tensor>(params) };
  if (form.positionGrid !== positionGrid) {
    const grid = [form.positionGrid, form.positionGrid] as const;
    flat.position = reshape(resizeBilinear(expandDims(flat.position as Tensor3D, 0) as Tensor4D, grid), [...grid, width]);
  }
  if (!form.maskToken) delete flat.maskToken;
  else flat.maskToken ??= zeros([width]);
  for (let i = 0; i < depth; i++) {
    const layers = { ls1: `blocks.${i}.attn.proj`, ls2: `blocks.${i}.mlp.${mlp.kind === 'swiglu' ? 'w3' : 'fc2'}` };
    for (const [scale, layer] of Object.entries(layers)) {
      const path = `blocks.${i}.${scale}`;
      if (form.layerScale) flat[path] ??= ones([width]);
      else if (flat[path] !== undefined) {
        flat[`${layer}.kernel`] = mul(flat[`${layer}.kernel`], flat[path]);
        flat[`${layer}.bias`] = mul(flat[`${layer}.bias`], flat[path]);
        delete flat[path];
      }
    }
  }
  return unflattenTree(flat);
}
