/**
 * Measures all participants round by round, so that whatever drifts (clock rate, other programs) drifts for all of them: forwards in the first
 * round, backwards in the second, and so on, so that none always follows the same one.
 *
 * A participant whose measurement throws is not measured again.
 *
 * @returns per participant, in their order: what was measured, and the error that ended it.
 */
export async function interleave<T, Sample>(
  participants: readonly T[],
  rounds: number,
  measure: (participant: T) => Promise<Sample>,
): Promise<{ samples: Sample[]; error?: unknown }[]> {
  const results: { samples: Sample[]; error?: unknown }[] = participants.map(() => ({ samples: [] }));
  const forwards = participants.map((_, i) => i);
  for (let round = 0; round < rounds; round++) {
    for (const i of round % 2 === 0 ? forwards : forwards.toReversed()) {
      if ('error' in results[i]) continue;
      try {
        results[i].samples.push(await measure(participants[i]));
      } catch (error) {
        results[i].error = error;
      }
    }
  }
  return results;
}
