import { Attention } from './attention/arguments';
import { attentionGradTask } from './attention/backward';
import { attentionTask } from './attention/forward';
import { multiplyBatchTask, multiplyTask, packColumnsTask, Product } from './gemm/tasks';
import { ActivationArgs, activationGradTask, activationTask } from './activation';
import { SwigluArgs, swigluGradTask, swigluTask } from './swiglu';
import { Kernel } from '../src/kernel';

/** Runs one task of a job. `args` is the block of arguments of the kernel, `scratch` belongs to this thread alone. */
export function runTask(kernel: i32, args: usize, task: i32, scratch: usize): void {
  switch (kernel) {
    case Kernel.PackColumns:
      return packColumnsTask(changetype<Product>(args), task);
    case Kernel.Multiply:
      return multiplyTask(changetype<Product>(args), task, scratch);
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
    case Kernel.Attention:
      return attentionTask(changetype<Attention>(args), task, scratch);
    case Kernel.AttentionGrad:
      return attentionGradTask(changetype<Attention>(args), task, scratch);
    default:
      unreachable();
  }
}
