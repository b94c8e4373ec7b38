import { runProgram } from './run-program.ts';

/** What the addon of tfjs-node says about itself, once it has multiplied two matrices. */
export type TensorflowProbe =
  | { readonly works: true; readonly tensorflow: string; readonly usesGpu: boolean; readonly log: string }
  | { readonly works: false; readonly log: string };

/** `[[1, 2]] x [[3], [4]] = [[11]]`, with nothing but the addon: a crash of the native libraries ends the child process only. */
const program = `
const tf = require(process.argv[1]);
const matrix = (shape, values) => tf.createTensor(shape, tf.TF_FLOAT, Float32Array.from(values));
const flag = (name) => ({ name, type: tf.TF_ATTR_BOOL, value: false });
const attributes = [flag('transpose_a'), flag('transpose_b'), { name: 'T', type: tf.TF_ATTR_TYPE, value: tf.TF_FLOAT }];
const [product] = tf.executeOp('MatMul', attributes, [matrix([1, 2], [1, 2]), matrix([2, 1], [3, 4])], 1);
const works = tf.tensorDataSync(product.id)[0] === 11;
console.log(JSON.stringify({ works, tensorflow: tf.TF_Version, usesGpu: tf.isUsingGpuDevice() }));
`;

/** Loads an addon in a process of its own and computes with it. TensorFlow's messages are in `log`. */
export async function probeTensorflow(addon: string): Promise<TensorflowProbe> {
  const environment = { TF_CPP_MIN_LOG_LEVEL: '0' };
  const { status, stdout, stderr } = await runProgram(process.execPath, ['-e', program, addon], { environment });
  const line = stdout.split('\n').find((text) => text.startsWith('{'));
  if (status !== 0 || line === undefined) return { works: false, log: stderr.trim() || `ended with status ${status}` };
  const { works, ...answer } = JSON.parse(line) as { works: boolean; tensorflow: string; usesGpu: boolean };
  return works ? { works, ...answer, log: stderr } : { works, log: `it computed a wrong product. ${stderr}` };
}
