import type { KernelFunc } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';

/** Gives the kernel of tfjs itself by name, for inputs that ours leaves to it. Only to be called when a kernel runs. */
export type StockKernel = (name: string) => KernelFunc;

/** A family of kernels, by the names under which they are registered. */
export type KernelSet = (device: Device, stock: StockKernel) => Record<string, KernelFunc>;
