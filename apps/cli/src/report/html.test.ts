import { expect, test } from 'vitest';
import { html, trusted } from './html.ts';

test('text in holes cannot become markup, as element content or as an attribute', () => {
  const caption = `<img src=x onerror="alert('1')"> & co`;
  expect(html`<p title="${caption}">${caption}</p>`.markup).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co">&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co</p>',
  );
});

test('markup is nested as it is, lists are joined, absent parts leave nothing', () => {
  expect(html`${[html`<b>${1}</b>`, '<', undefined, false]}${trusted('<hr>')}`.markup).toBe('<b>1</b>&lt;<hr>');
});
