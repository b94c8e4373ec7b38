import { type Html, html } from './html.ts';

const EMBEDDED = /^data:image\/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}$/;

/** An embedded picture. Any source that is not image data in the page itself is refused and named as missing: the page asks nobody. */
export function picture(source: string, alt: string, className = ''): Html {
  if (typeof source !== 'string' || !EMBEDDED.test(source))
    return html`<span class="no-picture" role="img" aria-label="${alt}: missing">no picture</span>`;
  return html`<img${className !== '' && html` class="${className}"`} src="${source}" alt="${alt}">`;
}
