import { vitrail } from './families/vitrail.ts';
import type { ModelFamily } from './family.ts';

/** Every kind of model that can be read; no model belongs to two. */
export const families: readonly ModelFamily<unknown>[] = [vitrail];
