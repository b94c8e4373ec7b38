import { readChoice, readPart } from '../config-fields.ts';
import type { ModelHeader } from '../family.ts';
import { evaClipFamily } from './eva-clip.ts';
import { readEvaLayout } from './eva-tower.ts';
import { readOpenClipText } from './open-clip-text.ts';

/**
 * EVA-01-CLIP and EVA-02-CLIP up to g as open_clip has them (`EVA02-B-16`, `EVA02-L-14`, `EVA01-g-14-plus`, ...): timm's tower
 * under `visual.trunk`, and `text.*`. `open_clip_config.json` is read where there is one.
 */
export const evaOpenClip = evaClipFamily('eva-clip (open_clip)', ({ config = {}, tensors }: ModelHeader) => {
  const image = readEvaLayout(tensors, { library: 'timm', prefix: 'visual.trunk.' });
  if (image?.pooling !== 'cls') return undefined;
  const model = readPart(config, 'model_cfg');
  readChoice(model, 'quick_gelu', [false]);
  const text = readOpenClipText(tensors, { prefix: 'text.', activation: 'gelu', fields: readPart(model, 'text_cfg') });
  return text && { image, text, preprocess: readPart(config, 'preprocess_cfg') };
});
