import { VitrailError } from '@vitrail/core';
import { runProgram } from './run-program.ts';

/** The TensorFlow of a Python environment, as far as an addon is built against it. */
export type TensorflowOfPython = {
  readonly version: string;
  /** The folder of the package, which holds libraries and headers. */
  readonly folder: string;
  readonly isCudaBuild: boolean;
};

/** Looks without importing TensorFlow, which takes seconds. */
const program = `
import importlib.metadata, importlib.util, json, os, sys
sys.path = [path for path in sys.path if path]
def version(names):
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return 'of unknown version'
spec = importlib.util.find_spec('tensorflow')
folder = next(iter(spec.submodule_search_locations or []), None) if spec else None
answer = {'python': sys.version.split()[0], 'executable': sys.executable, 'folder': folder}
if folder:
    build = {}
    try:
        with open(os.path.join(folder, 'python', 'platform', 'build_info.py')) as file:
            exec(file.read(), build)
    except OSError:
        pass
    answer.update(
        version=version(['tensorflow', 'tensorflow-cpu', 'tensorflow-rocm', 'tensorflow-cpu-aws', 'tf-nightly', 'tf-nightly-cpu']),
        isCudaBuild=bool(build.get('build_info', {}).get('is_cuda_build', False)),
        hasLibrary=os.path.exists(os.path.join(folder, 'libtensorflow_cc.so.2')),
        hasHeaders=os.path.exists(os.path.join(folder, 'include', 'tensorflow', 'c', 'eager', 'c_api.h')))
print(json.dumps(answer))
`;

type Answer = { python: string; executable: string; folder: null } | ({ python: string; executable: string } & Package);
type Package = TensorflowOfPython & { hasLibrary: boolean; hasHeaders: boolean };

/**
 * Asks a Python for its TensorFlow.
 *
 * @param python path or name of the interpreter
 * @throws `unavailable` when there is no such Python, it has no TensorFlow, or one without the C++ library and headers
 */
export async function tensorflowOfPython(python: string): Promise<TensorflowOfPython> {
  const { status, stdout, stderr } = await runProgram(python, ['-c', program]);
  if (status === 'missing') {
    throw new VitrailError(
      'unavailable',
      `there is no Python at "${python}". Name one that has TensorFlow: vitrail doctor --setup-tensorflow --python PATH`,
    );
  }
  if (status !== 0 || !stdout.startsWith('{')) {
    const reason = lastLine(stderr).slice(0, 200) || `it ended with status ${status}`;
    throw new VitrailError('unavailable', `"${python}" does not answer as a Python 3 does: ${reason}`);
  }
  const answer = JSON.parse(stdout) as Answer;
  const pip = `${answer.executable} -m pip install`;
  const packages = `\`${pip} tensorflow-cpu\`, or with an NVIDIA GPU \`${pip} 'tensorflow[and-cuda]'\``;
  if (answer.folder === null) {
    throw new VitrailError(
      'unavailable',
      `${answer.executable} (Python ${answer.python}) has no TensorFlow. Install it: ${packages}`,
    );
  }
  if (!answer.hasLibrary || !answer.hasHeaders) {
    throw new VitrailError(
      'unavailable',
      `TensorFlow ${answer.version} in ${answer.folder} has no C++ library to link (libtensorflow_cc.so.2 and include/): it is too old ` +
        `or of another system. Install a newer one: ${packages}`,
    );
  }
  const { version, folder, isCudaBuild } = answer;
  return { version, folder, isCudaBuild };
}

/** The last line that says something: where Python and npm put the reason. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
