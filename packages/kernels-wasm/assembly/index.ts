export { multiplyTiles } from './gemm/tile';
export { multiplyWideTiles } from './gemm/tile-wide';
export { offerTasks, runAlone, spinUntilFinished, spinUntilOffered, takeTasks } from './pool';
