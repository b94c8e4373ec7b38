import { expose } from 'comlink';
import { LookEngine } from './look-engine.ts';

expose(new LookEngine());
