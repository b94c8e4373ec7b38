export { dino } from './dino.ts';
export type { Gather } from './gather.ts';
export { ibot, ibotPlusPlus } from './ibot.ts';
export { infoNce } from './info-nce.ts';
export { clampLogitScale, initLogitScale } from './logit-scale.ts';
export { maskedMean } from './masked-mean.ts';
export type { PairLabels } from './pair-loss.ts';
export { sigmoidContrastive } from './sigmoid-contrastive.ts';
export type { TeacherScores } from './teacher-scores.ts';
