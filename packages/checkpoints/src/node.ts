export { openFileSource } from './file-source.ts';
export { latestCheckpoint } from './latest-checkpoint.ts';
export { pruneCheckpoints } from './prune-checkpoints.ts';
export { replaceFile } from './replace-file.ts';
export { writeCheckpoint } from './write-checkpoint.ts';
