import type { EvaVitConfig } from './eva-vit.ts';

/** The vision towers of UTA, and of its teacher. */
export type EvaVitPresetName = 'B/14' | 'L/14' | 'g/14' | 'B/16' | 'L/14@336' | 'g/14@336' | 'EVA01-g/14';

/**
 * The vision towers of UTA, with vectors of 1024 numbers: `B/14`, `L/14` and `g/14` are pretrained, `B/16`, `L/14@336` and
 * `g/14@336` released after contrastive fine-tuning (86.6M, 304.6M and 1013.4M parameters). `EVA01-g/14` is the image tower of
 * EVA-01-CLIP-g-plus (1012.6M), their teacher.
 *
 * For the towers of EVA-02-CLIP: `{ ...evaVitPresets['B/16'], innerNorm: true, embedding: 512 }`, and `L/14` with 768. To
 * pretrain with masked patches: `{ ..., maskToken: true }`.
 *
 * @see UTA, arXiv 2405.19009, section 3; jihaonew/UTA `eva_vit.py` (eva_base_p16, eva_large_p14_336, eva_giant_p14_336);
 *   baaivision/EVA `EVA01-CLIP-g-14-plus.json`
 */
export const evaVitPresets: Readonly<Record<EvaVitPresetName, EvaVitConfig>> = {
  'B/14': base(14),
  'L/14': large(224),
  'g/14': giant(224),
  'B/16': base(16),
  'L/14@336': large(336),
  'g/14@336': giant(336),
  'EVA01-g/14': {
    imageSize: 224,
    patchSize: 14,
    width: 1408,
    depth: 40,
    heads: 16,
    mlp: { kind: 'gelu', hidden: 6144 },
    ffnNorm: false,
    embedding: 1024,
  },
};

function base(patchSize: number): EvaVitConfig {
  return eva02({ imageSize: 224, patchSize, width: 768, depth: 12, heads: 12 }, 2048);
}

function large(imageSize: number): EvaVitConfig {
  return eva02({ imageSize, patchSize: 14, width: 1024, depth: 24, heads: 16 }, 2730);
}

function giant(imageSize: number): EvaVitConfig {
  return eva02({ imageSize, patchSize: 14, width: 1408, depth: 40, heads: 16 }, 4096);
}

function eva02(size: Pick<EvaVitConfig, 'imageSize' | 'patchSize' | 'width' | 'depth' | 'heads'>, hidden: number): EvaVitConfig {
  return { ...size, mlp: { kind: 'swiglu', hidden }, ffnNorm: true, rotaryGrid: 16, embedding: 1024 };
}
