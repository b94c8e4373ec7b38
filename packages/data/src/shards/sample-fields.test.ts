import { describe, expect, it } from 'vitest';
import { expectError } from '../../test/expect-error.ts';
import { captionsOf, classIndexOf, DEFAULT_CAPTION_FIELDS, parseFields, rawClassOf, type SampleFields } from './sample-fields.ts';
import type { ShardExtension } from './shard-index.ts';

const parse = (files: Partial<Record<ShardExtension, string>>): SampleFields => {
  const members = Object.keys(files).map((extension) => ({ extension: extension as ShardExtension, offset: 0, size: 0 }));
  return parseFields(
    members,
    Object.values(files).map((text) => new TextEncoder().encode(text)),
  );
};
const captions = (files: Partial<Record<ShardExtension, string>>, fields = DEFAULT_CAPTION_FIELDS) =>
  captionsOf(parse(files), fields);

describe('captions', () => {
  it('of img2dataset: the same caption in txt and json is one, and the other fields are no captions', () => {
    const json = {
      caption: 'a dog',
      url: 'https://example.com/a.jpg',
      key: '000000012',
      status: 'success',
      error_message: null,
      width: 512,
      height: 384,
      original_width: 1024,
      exif: '{"Image Make": "Canon"}',
      sha256: 'ab12',
    };
    expect(captions({ jpg: '', json: JSON.stringify(json), txt: 'a dog' })).toEqual({ alt: 'a dog' });
  });

  it('of three granularities, several of one as an array', () => {
    const json = JSON.stringify({ alt: 'dog', short: ['a dog', 'a puppy'], long: 'a dog lies on a beach' });
    expect(captions({ json })).toEqual({ alt: 'dog', short: ['a dog', 'a puppy'], long: 'a dog lies on a beach' });
  });

  it('under `caption`, `captions`, `text` and in the txt are all alt-texts, each text once', () => {
    const json = JSON.stringify({ text: 'c', captions: ['b', 'a', 'b'], caption: 'b', alt: 'd' });
    expect(captions({ json, txt: ' a\n' })).toEqual({ alt: ['a', 'd', 'b', 'c'] });
  });

  it('that are blank, or no text, are none', () => {
    const json = JSON.stringify({ alt: '  \n', short: ['', null, 7, { a: 1 }, 'x'], long: null, caption: 5 });
    expect(captions({ json, txt: '\n' })).toEqual({ short: 'x' });
    expect(captions({})).toEqual({});
  });

  it('in fields that the user names keep their names, and no others are read', () => {
    const json = JSON.stringify({ caption: 'a', synthetic: ['b'], long: 'c', constructor: 'd' });
    expect(captions({ json }, ['synthetic', 'caption', 'toString'])).toEqual({ synthetic: 'b', alt: 'a' });
  });

  it('are read without the byte order mark that some editors write', () => {
    expect(captions({ txt: '\ufeffa dog', json: '\ufeff{"short":"dog"}' })).toEqual({ alt: 'a dog', short: 'dog' });
  });
});

it.each([
  ['{"caption": "cut', /not JSON: /],
  ['', /not JSON: /],
  ['[1]', /a JSON object was expected/],
  ['null', /a JSON object was expected/],
  ['"text"', /a JSON object was expected/],
])('refuses the json %s', async (json, message) => {
  await expectError(() => parse({ json }), 'corrupt-data', message);
});

describe('classes', () => {
  const raw = (json: unknown, cls?: string) => rawClassOf({ json: json as Record<string, unknown>, cls });

  it('come from the cls member before the json, and from label before cls before class', () => {
    expect(raw({ label: 1 }, '7\n')).toBe(7);
    expect(raw({ label: 0, cls: 1, class: 2 })).toBe(0);
    expect(raw({ label: null, cls: 'cat', class: 2 })).toBe('cat');
    expect(raw({ class: 'ship', index: 8 })).toBe('ship');
    expect(raw({ caption: 'x' })).toBeUndefined();
  });

  it('are whole numbers or names; a blank one is none', () => {
    expect(raw({ label: ' 12 ' })).toBe(12);
    expect(raw({ label: 'red fox ' })).toBe('red fox');
    expect(raw({ label: '  ' }, ' ')).toBeUndefined();
    expect(raw({ label: true })).toBeUndefined();
    expect(raw({ label: [3] })).toBeUndefined();
  });

  it('are found among the class names: numbers as they stand, names by their place', () => {
    const names = ['cat', 'dog'];
    expect(classIndexOf({ cls: '1' }, names)).toBe(1);
    expect(classIndexOf({ cls: 'cat' }, names)).toBe(0);
    expect(classIndexOf({}, names)).toBeUndefined();
  });

  it.each(['2', 'Cat', '-1', '0.5'])('are damage when the names lack them: %s', async (cls) => {
    await expectError(
      () => classIndexOf({ cls }, ['cat', 'dog']),
      'corrupt-data',
      /its class .* is not one of the 2 class names/,
    );
  });

  it('without a list of names: numbers count, names do not', () => {
    expect(classIndexOf({ cls: '1000' }, undefined)).toBe(1000);
    expect(classIndexOf({ cls: 'cat' }, undefined)).toBeUndefined();
    expect(classIndexOf({ json: { label: -1 } }, undefined)).toBeUndefined();
  });
});
