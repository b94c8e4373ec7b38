export * from './constants';
export { runAlone, runShared, work } from './pool';
