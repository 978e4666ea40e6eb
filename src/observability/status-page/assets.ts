import { icon, LEVELS } from './badge.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';

/** Nothing but what this server itself gives may be loaded, run or asked; nobody may frame it; nothing of it is kept. */
export const STATUS_PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** What the page needs besides itself, by path. */
export function statusPageAssets(): ReadonlyMap<string, Asset> {
  return new Map([
    ['/page.css', { type: 'text/css; charset=utf-8', body: PAGE_STYLE }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: PAGE_SCRIPT }],
    ...LEVELS.map((level) => [`/icon-${level}.svg`, { type: 'image/svg+xml', body: icon(level) }] as const),
  ]);
}
