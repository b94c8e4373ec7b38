import { clip } from './families/clip.ts';
import { dinov2 } from './families/dinov2.ts';
import { dinov2Official } from './families/dinov2-official.ts';
import { evaOpenClip } from './families/eva-open-clip.ts';
import { evaTimm } from './families/eva-timm.ts';
import { openClip } from './families/open-clip.ts';
import { siglip } from './families/siglip.ts';
import { siglipBigVision } from './families/siglip-big-vision.ts';
import { siglipOpenClip } from './families/siglip-open-clip.ts';
import { tipsPytorch } from './families/tips-pytorch.ts';
import { tipsScenic } from './families/tips-scenic.ts';
import { tipsv2 } from './families/tipsv2.ts';
import { uta } from './families/uta.ts';
import { vitrail } from './families/vitrail.ts';
import { vitrailAligned } from './families/vitrail-aligned.ts';
import { vitrailRocket } from './families/vitrail-rocket.ts';
import type { ModelFamily } from './family.ts';

const withOwnTexts: readonly ModelFamily<unknown>[] = [
  vitrail,
  tipsv2,
  tipsScenic,
  tipsPytorch,
  clip,
  openClip,
  dinov2,
  dinov2Official,
  siglip,
  siglipOpenClip,
  siglipBigVision,
  uta,
  evaOpenClip,
  evaTimm,
];

/** Every kind of model that can be read; no model belongs to two. */
export const families: readonly ModelFamily<unknown>[] = [...withOwnTexts, vitrailAligned(withOwnTexts), vitrailRocket];
