import type { ModelHeader } from '../family.ts';
import { evaClipFamily } from './eva-clip.ts';
import { readEvaLayout } from './eva-tower.ts';
import { readOpenClipText } from './open-clip-text.ts';

/**
 * UTA, as jihaonew/UTA publishes it, and EVA-01-CLIP and EVA-02-CLIP up to g, as baaivision/EVA does: one state dictionary with
 * `visual.*` and `text.*`. The tables of rotary positions in it are computed anew.
 *
 * Patches of UTA are in the space of texts, `head(norm(x))` as in its training; those of EVA-CLIP the same way, as MaskCLIP
 * reads CLIP without its last step.
 *
 * @see jihaonew/UTA `eva_vit_model`; baaivision/EVA `EVA-CLIP/rei/eva_clip`
 */
export const uta = evaClipFamily('uta, eva-clip (baaivision)', ({ tensors }: ModelHeader) => {
  const text = readOpenClipText(tensors, { prefix: 'text.', activation: 'gelu' });
  // The tables tell how long heads are.
  const headSize = tensors['visual.rope.freqs_cos']?.shape[1];
  const width = tensors['visual.cls_token']?.shape[2];
  const heads = headSize === undefined || width === undefined ? undefined : width / headSize;
  const image = readEvaLayout(tensors, { library: 'eva', prefix: 'visual.', heads });
  return image && text && { image, text };
});
