import { VitrailError } from '@vitrail/core';

/**
 * A name in each of the templates: every `{}` becomes the name. Articles are not bent (`a origami apple`), as in CLIP's own prompts.
 *
 * @param name what the picture shows, `fire truck`; not blank
 * @param templates at least one, each with a `{}`
 * @returns one prompt per template, in their order
 * @throws `invalid-argument` for a blank name, no template, or a template without `{}`
 * @example fillTemplates('cat', ['{}', 'a photo of a {}.']) // ['cat', 'a photo of a cat.']
 */
export function fillTemplates(name: string, templates: readonly string[]): string[] {
  if (name.trim() === '') {
    throw new VitrailError('invalid-argument', `fillTemplates: a name is not blank, but "${name}" came`);
  }
  if (templates.length === 0) {
    throw new VitrailError(
      'invalid-argument',
      "fillTemplates: there is at least one template (['{}'] is the bare name), but none came",
    );
  }
  return templates.map((template) => {
    if (!template.includes('{}')) {
      throw new VitrailError(
        'invalid-argument',
        `fillTemplates: a template has a {} where the name goes, but "${template}" came`,
      );
    }
    return template.split('{}').join(name);
  });
}
