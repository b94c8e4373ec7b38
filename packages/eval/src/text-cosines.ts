import { reshape, type Tensor2D, type Tensor3D, type Tensor4D, transpose } from '@tensorflow/tfjs-core';
import { l2Normalize, matrixProduct } from '@vitrail/ops';
import { requireShape } from './require-input.ts';

/**
 * The cosine of every patch and every class: patches `[1, rows, columns, D]`, classes `[C, D]` -> `[rows, columns, C]`.
 *
 * @throws `shape-mismatch` or `missing-data`
 */
export function textCosines(where: string, patches: Tensor4D, classes: Tensor2D): Tensor3D {
  requireShape(where, 'patches', patches, [1, 'rows', 'columns', 'D']);
  const [, rows, columns, width] = patches.shape;
  requireShape(where, 'classes', classes, ['C', width]);
  const flat = l2Normalize(reshape(patches, [rows * columns, width])) as Tensor2D;
  return reshape(matrixProduct(flat, transpose(l2Normalize(classes) as Tensor2D)), [rows, columns, classes.shape[0]]);
}
