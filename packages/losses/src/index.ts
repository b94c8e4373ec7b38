export { dino } from './dino.ts';
export { ibot, ibotPlusPlus } from './ibot.ts';
export { type Gather, infoNce } from './info-nce.ts';
export { clampLogitScale, initLogitScale } from './logit-scale.ts';
export { maskedMean } from './masked-mean.ts';
export { sigmoidContrastive } from './sigmoid-contrastive.ts';
export type { TeacherScores } from './teacher-scores.ts';
