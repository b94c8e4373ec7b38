export { runAlone, runShared, work } from './pool';
