/**
 * The first name that stands twice in one object of a JSON text, or `undefined`. `JSON.parse` keeps the last one in silence, and other
 * readers the first.
 *
 * @param text valid JSON.
 *
 * @example duplicateName('{"a": 1, "b": {"a": 2}, "a": 3}') // 'a'
 */
export function duplicateName(text: string): string | undefined {
  // One set of names per open object; arrays have one too, which stays empty.
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') open.push(new Set());
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = at;
      at = endOfString(text, start);
      if (!isFollowedByColon(text, at)) continue;
      const name: string = JSON.parse(text.slice(start, at + 1));
      const names = open[open.length - 1];
      if (names.has(name)) return name;
      names.add(name);
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function isFollowedByColon(text: string, end: number): boolean {
  let at = end + 1;
  while (' \t\r\n'.includes(text[at]) && at < text.length) at++;
  return text[at] === ':';
}
