import { expose } from 'comlink';
import { PictureDesk } from './picture-desk.ts';

expose(new PictureDesk());
