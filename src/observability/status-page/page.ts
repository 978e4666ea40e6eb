import { judge } from '../verdict.ts';
import type { ClusterView, ProgramView } from '../view.ts';
import { badge, LEVELS } from './badge.ts';
import { clusterSection, type Judged } from './cluster-section.ts';
import { html, type Markup } from './html.ts';
import { exact, moment } from './moment.ts';

/** A whole document; works without scripts, and keeps itself up to date with them. */
export function renderStatusPage(program: ProgramView, clusters: readonly ClusterView[], now: Date): string {
  const all = clusters.map((cluster, at): Judged => ({ id: `c${at}`, cluster, verdict: judge(cluster, now) }));
  const worst = all.map(({ verdict }) => verdict).sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level))[0];
  const level = worst?.level ?? 'waiting';
  // Paths without a slash in front: a proxy may serve the page below another path.
  return html`<!doctype html>
<html lang="en" data-build="${program.version} ${program.commit}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${worst?.word ?? 'Waiting'} · ${clusters.map(({ name }) => name).join(', ') || program.host} · vault-snapshotd</title>
<link rel="icon" type="image/svg+xml" href="icon-${level}.svg">
<link rel="stylesheet" href="page.css">
<script src="page.js" defer></script>
<noscript><meta http-equiv="refresh" content="15"></noscript>
</head>
<body>
<div id="lost" hidden><p role="alert"></p><p></p></div>
<div id="live">
<header class="top"><h1>vault-snapshotd <small>on <bdi>${program.host}</bdi></small></h1><p>as of <time datetime="${now.toISOString()}">${exact(now)}</time></p></header>
${overview(all)}
<main>
<div id="program">${reloadFailed(program, now)}</div>
${all.map((judged) => clusterSection(judged, now))}
${clusters.length === 0 ? html`<p class="empty">No cluster is known yet.</p>` : undefined}
</main>
<footer>vault-snapshotd ${program.version} (${program.commit}), Node ${program.nodeVersion}, started ${moment(program.startedAt, now, '')}, configuration <bdi>${program.configPath}</bdi></footer>
</div>
</body>
</html>
`.text;
}

/** Several clusters at one glance. */
function overview(all: readonly Judged[]): Markup {
  if (all.length < 2) return html``;
  const entry = ({ id, cluster, verdict: { level, word } }: Judged) =>
    html`<li><a class="${level}" href="#${id}">${badge(level)} <bdi>${cluster.name}</bdi> ${word}</a></li>`;
  return html`<nav id="clusters" aria-label="Clusters"><ul>${all.map(entry)}</ul></nav>`;
}

function reloadFailed({ isLastReloadGood, lastGoodReloadAt }: ProgramView, now: Date): Markup {
  if (isLastReloadGood) return html``;
  return html`<ul class="concerns"><li class="attention"><p>${badge('attention')} <strong>Attention</strong> the configuration could not be read again; the one of ${moment(lastGoodReloadAt, now, '')} goes on</p>
<p class="advice"><span>To do:</span> correct it; "vault-snapshotd check --offline" reads it again</p></li></ul>`;
}
