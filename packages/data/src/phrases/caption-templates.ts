/** Sentences around what a short caption names. */
export const SHORT_TEMPLATES = ['{}', 'a picture of {}', 'a picture with {}', 'there is {}', 'we see {}'] as const;

/** Sentences around what a long caption tells. */
export const LONG_TEMPLATES = ['{}', 'a picture of {}', 'in this picture there is {}'] as const;
