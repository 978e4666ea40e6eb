import { expect, it } from 'vitest';
import { html } from '../../../../src/observability/status-page/html.ts';

it.each([
  ['<script>', '&lt;script&gt;'],
  [`"a" & 'b'`, '&quot;a&quot; &amp; &#39;b&#39;'],
  ['&amp;', '&amp;amp;'],
  ['\u202etxt.exe', '\\u202etxt.exe'],
  ['a\u0000\u001b[31m\u200b\u2066', 'a\\u0000\\u001b[31m\\u200b\\u2066'],
  ['tab\tand\nline', 'tab\tand\nline'],
  ['Größe 日本 שלום', 'Größe 日本 שלום'],
])('shows %j as that text', (given, written) => {
  expect(html`<p title="${given}">${given}</p>`.text).toBe(`<p title="${written}">${written}</p>`);
});

it('puts markup into markup as it is, one or many, and nothing for nothing', () => {
  const part = html`<b>${'<'}</b>`;
  expect(html`${part}${[part, part]}${undefined}${0}`.text).toBe('<b>&lt;</b><b>&lt;</b><b>&lt;</b>0');
});
