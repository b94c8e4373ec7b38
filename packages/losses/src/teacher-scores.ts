import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { PrototypeScores } from '@vitrail/ops';

/** A teacher's scores against its prototypes, and the running mean of earlier steps `[K]` that is taken from them (0 if absent). */
export type TeacherScores = PrototypeScores & { readonly center?: Tensor1D };
