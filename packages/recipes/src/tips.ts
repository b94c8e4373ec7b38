/**
 * TIPS: the first version. Three settings away from TIPSv2: the patch loss looks at masked patches only (iBOT), the teacher is an
 * average of the encoder as well as of the heads, and the second CLS token sees one kind of synthetic caption (in `small` that of both).
 *
 * "TIPS: Text-Image Pretraining with Spatial awareness", ICLR 2025, arXiv 2410.16512. Training code was not released. Deviations: batch
 * and position grid are those of TIPSv2 (TIPS: 16k pictures, 16 x 16), as in its "TIPS reproduced" (TIPSv2, table 4).
 *
 *   vitrail pretrain --recipe tips:tiny --data scenes
 *
 * 600 steps, 1 minute 55 seconds of one CPU core (wasm). On 256 unseen scenes: mIoU 0.197 (guessing 0.012), picture to text R@1 0.43 (0.004), zero-shot
 * top 1 0.203 (0.05); `tipsv2:tiny` beside it 0.180, 0.43 and 0.250.
 */
import { tipsStreams } from '@vitrail/captions';
import type { Preset, Recipe } from './recipe.ts';
import type { TipsConfiguration } from './tips-configuration.ts';
import { tipsMemory } from './tips-memory.ts';
import { assembleTips, type TipsSystem } from './tipsv2.ts';
import { tipsv2Presets } from './tipsv2-presets.ts';

/** TIPS (ICLR 2025, arXiv 2410.16512). */
export const tips: Recipe<TipsConfiguration, TipsSystem> = {
  name: 'tips',
  title: 'TIPS: iBOT, full EMA, two caption streams',
  paper: 'ICLR 2025, arXiv 2410.16512',
  presets: Object.fromEntries(Object.entries(tipsv2Presets).map(([name, preset]) => [name, firstVersion(preset)])),
  check: assembleTips,
  assemble: assembleTips,
  memory: tipsMemory,
};

function firstVersion({ config, note }: Preset<TipsConfiguration>): Preset<TipsConfiguration> {
  return {
    note,
    config: {
      ...config,
      captions: { streams: tipsStreams },
      // iBOT divides by the masked patches, iBOT++ by all: the weight is the paper's for both.
      loss: { ...config.loss, patch: 'ibot' },
      teacher: { ...config.teacher, policy: 'full' },
    },
  };
}
