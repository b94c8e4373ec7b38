import { VitrailError } from '@vitrail/core';

/**
 * Waits for work on a device, but no longer than the device is there: what is asked of a device that was lost may fail with any error, or
 * never come to an end.
 *
 * @param lost resolves, to the reason, when the device is lost (`startBackend` of `@vitrail/backend` gives it); none: just waits.
 * @throws `unavailable` with the reason when the device is lost, whatever the work itself throws then.
 * @example await unlessLost(loss.data(), report.lost)
 */
export async function unlessLost<T>(work: Promise<T>, lost: Promise<string> | undefined): Promise<T> {
  if (lost === undefined) return await work;
  const failed = lost.then((reason): never => {
    throw new VitrailError('unavailable', `the GPU device was lost: ${reason}`);
  });
  failed.catch(() => {}); // It may come when nobody waits any more.
  try {
    return await Promise.race([work, failed]);
  } catch (error) {
    // The work of a lost device often fails before the device says that it is lost.
    await Promise.race([failed, pause()]);
    throw error;
  }
}

/** Time for what the device has to say: half a second, since a machine may be busy. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 500));
}
