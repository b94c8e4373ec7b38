import { Attention } from './attention/arguments';
import { attentionGradTask } from './attention/backward';
import { attentionTask } from './attention/forward';
import { BinaryArgs, binaryTask } from './elementwise/binary';
import { SelectArgs, selectBytesTask, selectTask, UnaryArgs, unaryTask } from './elementwise/unary';
import { multiplyBatchTask, multiplyDeepTask, multiplyTask, packTask, Product } from './gemm/tasks';
import { ActivationArgs, activationGradTask, activationTask } from './activation';
import { CopyArgs, copyTask } from './movement/copy';
import { addRowsTask, putRowsTask, RowsArgs, takeRowsTask } from './movement/rows';
import { TransposeArgs, transposeTask } from './movement/transpose';
import { ReduceArgs, reduceTask } from './reduce';
import { L2NormalizeArgs, l2NormalizeGradTask, l2NormalizeTask } from './l2-normalize';
import { LayerNormArgs, layerNormTask } from './layer-norm';
import { LayerNormGradArgs, layerNormGradTask, SumPartialArgs, sumPartialTask } from './layer-norm-grad';
import { SoftmaxArgs, softmaxTask } from './softmax';
import { SoftTarget } from './soft-target/arguments';
import { softTargetPrototypesTask, softTargetScoresTask } from './soft-target/backward';
import { softTargetTask } from './soft-target/forward';
import { Packing, packPrototypesTask } from './soft-target/pack';
import { SwigluArgs, swigluGradTask, swigluTask } from './swiglu';
import { MathFunctionArgs, mathFunctionTask } from './math-function';
import { EmaArgs, emaTask } from './ema';
import { GlobalNormArgs, globalNormTask } from './global-norm';
import { AdafactorArgs, adafactorTask } from './optimizer-adafactor';
import { AdamWArgs, adamWTask } from './optimizer-adamw';
import { LambArgs, lambTask } from './optimizer-lamb';
import { dotRowsTask, VectorProductArgs, weightRowsTask } from './vector-product';
import { Kernel } from '../src/kernel';

/** Runs one task of a job. `args` is the block of arguments of the kernel, `scratch` belongs to this thread alone. */
export function runTask(kernel: i32, args: usize, task: i32, scratch: usize): void {
  switch (kernel) {
    case Kernel.Pack:
      return packTask(changetype<Product>(args), task);
    case Kernel.Multiply:
      return multiplyTask(changetype<Product>(args), task, scratch);
    case Kernel.MultiplyDeep:
      return multiplyDeepTask(changetype<Product>(args), task, scratch);
    case Kernel.MultiplyBatch:
      return multiplyBatchTask(changetype<Product>(args), task, scratch);
    case Kernel.Activation:
      return activationTask(changetype<ActivationArgs>(args), task);
    case Kernel.ActivationGrad:
      return activationGradTask(changetype<ActivationArgs>(args), task);
    case Kernel.Swiglu:
      return swigluTask(changetype<SwigluArgs>(args), task);
    case Kernel.SwigluGrad:
      return swigluGradTask(changetype<SwigluArgs>(args), task);
    case Kernel.MathFunction:
      return mathFunctionTask(changetype<MathFunctionArgs>(args), task);
    case Kernel.LayerNorm:
      return layerNormTask(changetype<LayerNormArgs>(args), task);
    case Kernel.LayerNormGrad:
      return layerNormGradTask(changetype<LayerNormGradArgs>(args), task);
    case Kernel.SumPartial:
      return sumPartialTask(changetype<SumPartialArgs>(args), task);
    case Kernel.Softmax:
      return softmaxTask(changetype<SoftmaxArgs>(args), task);
    case Kernel.L2Normalize:
      return l2NormalizeTask(changetype<L2NormalizeArgs>(args), task);
    case Kernel.L2NormalizeGrad:
      return l2NormalizeGradTask(changetype<L2NormalizeArgs>(args), task);
    case Kernel.PackPrototypes:
      return packPrototypesTask(changetype<Packing>(args), task);
    case Kernel.SoftTarget:
      return softTargetTask(changetype<SoftTarget>(args), task, scratch);
    case Kernel.SoftTargetScores:
      return softTargetScoresTask(changetype<SoftTarget>(args), task, scratch);
    case Kernel.SoftTargetPrototypes:
      return softTargetPrototypesTask(changetype<SoftTarget>(args), task, scratch);
    case Kernel.Attention:
      return attentionTask(changetype<Attention>(args), task, scratch);
    case Kernel.AttentionGrad:
      return attentionGradTask(changetype<Attention>(args), task, scratch);
    case Kernel.Copy:
      return copyTask(changetype<CopyArgs>(args), task, scratch);
    case Kernel.Transpose:
      return transposeTask(changetype<TransposeArgs>(args), task, scratch);
    case Kernel.TakeRows:
      return takeRowsTask(changetype<RowsArgs>(args), task);
    case Kernel.AddRows:
      return addRowsTask(changetype<RowsArgs>(args), task);
    case Kernel.PutRows:
      return putRowsTask(changetype<RowsArgs>(args), task);
    case Kernel.Reduce:
      return reduceTask(changetype<ReduceArgs>(args), task);
    case Kernel.Binary:
      return binaryTask(changetype<BinaryArgs>(args), task, scratch);
    case Kernel.Unary:
      return unaryTask(changetype<UnaryArgs>(args), task);
    case Kernel.Select:
      return selectTask(changetype<SelectArgs>(args), task);
    case Kernel.SelectBytes:
      return selectBytesTask(changetype<SelectArgs>(args), task);
    case Kernel.AdamW:
      return adamWTask(changetype<AdamWArgs>(args), task);
    case Kernel.Adafactor:
      return adafactorTask(changetype<AdafactorArgs>(args), task);
    case Kernel.Lamb:
      return lambTask(changetype<LambArgs>(args), task);
    case Kernel.Ema:
      return emaTask(changetype<EmaArgs>(args), task);
    case Kernel.GlobalNorm:
      return globalNormTask(changetype<GlobalNormArgs>(args), task);
    case Kernel.WeightRows:
      return weightRowsTask(changetype<VectorProductArgs>(args), task);
    case Kernel.DotRows:
      return dotRowsTask(changetype<VectorProductArgs>(args), task);
    default:
      unreachable();
  }
}
