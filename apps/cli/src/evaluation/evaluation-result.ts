/** The `eval` object of `summary.json`: nested numbers in [0, 1] (and the names of what was chosen). */
export type EvaluationResult = { [name: string]: number | string | EvaluationResult };
