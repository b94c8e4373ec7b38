/** A backend by name; `auto` stands for the best one that starts here. */
export type BackendName = 'auto' | StartedBackend;

/** The backends there are, the fastest first. */
export const backendNames = ['webgpu', 'tensorflow', 'wasm', 'cpu'] as const;

/** A backend that was, or could be, started. */
export type StartedBackend = (typeof backendNames)[number];

/** Whether a backend can be started here, and why; if it cannot, what would have to be done. */
export type BackendStatus =
  | {
      name: StartedBackend;
      available: true;
      reason: string;
      /** Whether another backend is the better choice here: a GPU adapter in software. */
      slow?: true;
    }
  | { name: StartedBackend; available: false; reason: string; howToGet: string };
