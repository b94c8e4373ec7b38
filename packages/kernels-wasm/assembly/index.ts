export * from './constants';
export { offerTasks, runAlone, spinUntilFinished, spinUntilOffered, takeTasks } from './pool';
