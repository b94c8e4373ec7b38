/** An npm package that users install if they want what it does, or why it cannot be loaded. */
export async function importOptional<Module>(name: string): Promise<{ module: Module } | { missing: string }> {
  try {
    return { module: (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as Module };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND') return { missing: `the package ${name} is not installed` };
    return { missing: `the package ${name} is installed and does not load: ${message.split('\n')[0]}` };
  }
}
