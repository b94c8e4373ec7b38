export { openModelAt } from './open-model-at.ts';
