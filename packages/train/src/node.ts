export { jsonlTracker } from './jsonl-tracker.ts';
export { createProgress, type Progress, type ProgressStream } from './progress.ts';
export { openRunDirectory } from './run-directory.ts';
export { tensorBoardTracker } from './tensorboard-tracker.ts';
export { writeJson } from './write-json.ts';
