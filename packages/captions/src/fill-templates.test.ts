import { expect, it } from 'vitest';
import { fillTemplates } from './fill-templates.ts';

it('puts the name into every place of every template', () => {
  expect(fillTemplates('fire truck', ['{}', 'a {} beside a {}.'])).toEqual(['fire truck', 'a fire truck beside a fire truck.']);
});

it('takes names literally, those that look like replacement patterns or templates too', () => {
  expect(fillTemplates("$& $1 $'", ['a {}.'])).toEqual(["a $& $1 $'."]);
  expect(fillTemplates('{}', ['a {}.'])).toEqual(['a {}.']);
});

it('refuses what would make every class the same prompt, or none', () => {
  expect(() => fillTemplates('  ', ['{}'])).toThrow('a name is not blank, but "  " came');
  expect(() => fillTemplates('cat', [])).toThrow('there is at least one template');
  expect(() => fillTemplates('cat', ['{}', 'a photo of a cat.'])).toThrow('but "a photo of a cat." came');
});
