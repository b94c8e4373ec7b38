import { expose } from 'comlink';
import { TrainEngine } from './train-engine.ts';

expose(new TrainEngine());
