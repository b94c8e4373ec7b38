/** Settings with which a run takes about a second: 16-pixel pictures of 2 x 2 patches, towers of one block, width 16. */
export const tinySettings: readonly string[] = [
  'image.width=16',
  'image.depth=1',
  'image.heads=2',
  'image.mlpHidden=32',
  'image.positionGrid=2',
  'text.depth=1',
  'text.heads=2',
  'text.mlpHidden=32',
  'text.vocabularySize=400',
  'heads.hidden=32',
  'heads.bottleneck=16',
  'heads.prototypes=32',
  'views.globalSize=16',
  'views.localSize=8',
  'train.batchSize=4',
  'train.logEvery=1',
  'train.checkpointEvery=2',
  'train.evaluateEvery=3',
  'train.evaluateSamples=4',
];

/** Arguments of a tiny `vitrail pretrain` of TIPSv2 into a directory. Later settings win over the tiny ones. */
export function tinyPretrain(
  out: string,
  { data = 'scenes?count=64&size=16', steps = 3, set = [] as readonly string[] } = {},
): string[] {
  const settings = [...tinySettings, ...set];
  return ['pretrain', '--recipe', 'tipsv2', '--data', data, '--out', out, '--steps', String(steps), '--set', ...settings];
}
