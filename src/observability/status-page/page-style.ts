/** Calm while all is well, loud when not. Every colour of a text has at least 4.5 : 1 against what it stands on. */
export const PAGE_STYLE = `:root {
  color-scheme: light dark;
  --page: #f4f5f3; --card: #fff; --line: #dde0dc; --track: #e9ebe8; --ink: #171a1c; --dim: #565e63;
  --good: #08703a; --waiting: #4a5d6c; --attention: #835500; --stale: #9a4300; --failing: #b5121b;
  --mark: #2f8f5b; --verified: #075c2f; --unproved: #7a6200;
  --good-tint: #e8f4ec; --waiting-tint: #e9eef2; --attention-tint: #fdf3dc; --stale-tint: #fdebdd; --failing-tint: #fdeaea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1112; --card: #171b1d; --line: #2a3033; --track: #23292c; --ink: #eceeed; --dim: #9ca6ab;
    --good: #5fd394; --waiting: #9db4c4; --attention: #f0b949; --stale: #ff9d5c; --failing: #ff8a85;
    --mark: #3da56d; --verified: #a5f0c8; --unproved: #d0b040;
    --good-tint: #12231a; --waiting-tint: #182026; --attention-tint: #2a2110; --stale-tint: #2e1c10; --failing-tint: #331718;
  }
}
@media (prefers-contrast: more) {
  :root { --line: currentColor; --dim: var(--ink); }
}
* { box-sizing: border-box; margin: 0; }
body {
  background: var(--page); color: var(--ink); font: 1rem/1.45 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
#live, #lost { max-width: 96rem; margin: 0 auto; padding: 0 clamp(.75rem, 3vw, 2.5rem); }
bdi { unicode-bidi: isolate; }
small, time small { color: var(--dim); font-size: .8125rem; }
.none, .empty { color: var(--dim); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
a { color: inherit; }
:focus-visible { outline: 3px solid var(--waiting); outline-offset: 3px; border-radius: 4px; }

.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .25rem 1.5rem; align-items: baseline; padding: 1rem 0; color: var(--dim); font-size: .875rem; }
.top h1 { font-size: 1rem; font-weight: 650; color: var(--ink); }
.top h1 small { font-weight: 400; font-size: .875rem; }
footer { padding: 2rem 0; color: var(--dim); font-size: .8125rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0 0 1rem; }
nav a { display: flex; gap: .5rem; align-items: center; padding: .4rem .8rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card); text-decoration: none; }

.badge { width: 1.15em; height: 1.15em; flex: none; fill: none; stroke: currentColor; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; overflow: visible; vertical-align: -.2em; }
.good > .badge { color: var(--good); } .waiting > .badge { color: var(--waiting); } .attention > .badge { color: var(--attention); }
.stale > .badge { color: var(--stale); } .failing > .badge { color: var(--failing); }

.cluster { padding-bottom: 2.5rem; }
.verdict { display: flex; gap: clamp(1rem, 2.5vw, 2.25rem); align-items: center; padding: clamp(1.1rem, 2.6vw, 2.25rem); border-radius: 1rem; background: var(--tint); }
.verdict > .badge { width: clamp(3rem, 9vw, 7.5rem); height: auto; stroke-width: 1.7; }
.verdict h2 { font-size: 1rem; font-weight: 550; color: var(--dim); }
.verdict .word { font-size: clamp(2.1rem, 7vw, 5rem); line-height: 1.05; font-weight: 700; letter-spacing: -.025em; color: var(--tone); padding: .05em 0 .12em; }
.verdict p { font-size: clamp(1rem, 1.6vw, 1.4rem); }
/* A sentence that begins with a name is left as the name is written. */
.verdict.good .sentence::first-letter, .verdict.waiting .sentence::first-letter { text-transform: uppercase; }
.verdict.good { --tint: var(--good-tint); --tone: var(--good); } .verdict.waiting { --tint: var(--waiting-tint); --tone: var(--waiting); }
.verdict.attention { --tint: var(--attention-tint); --tone: var(--attention); }
.verdict.stale { --tint: #9a4300; } .verdict.failing { --tint: #a80f18; }
.verdict.stale, .verdict.failing { --tone: #fff; color: #fff; }
.verdict.stale h2, .verdict.failing h2, .verdict.stale > .badge, .verdict.failing > .badge { color: #fff; }

.concerns { list-style: none; padding: 0; margin-top: .75rem; display: grid; gap: .5rem; }
.concerns li { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--tone); border-radius: .5rem; padding: .65rem .9rem; }
.concerns strong { color: var(--tone); } .concerns .badge { color: var(--tone); }
.concerns .failing { --tone: var(--failing); } .concerns .stale { --tone: var(--stale); } .concerns .attention { --tone: var(--attention); }
.concerns time { color: var(--dim); font-size: .875rem; white-space: normal; }
.advice { padding-top: .15rem; }
.advice span { font-weight: 650; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11.5rem, 45%), 1fr)); gap: 1rem 1.5rem; padding: 1.5rem .25rem .5rem; }
dt { color: var(--dim); font-size: .8125rem; }
dd small, .facts .line { display: block; }
.facts dd time small, .figures time small { display: block; }
.title { font-size: 1.0625rem; font-weight: 650; padding: 1.5rem 0 .35rem; }

.running, .progress { margin-top: .75rem; padding: .65rem .9rem; border-radius: .5rem; background: var(--waiting-tint); }
.progress { font-size: .9375rem; }
progress { appearance: none; display: block; width: 100%; height: .5rem; margin-top: .4rem; border: 0; border-radius: 1rem; overflow: hidden; background: var(--line); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--waiting); }
progress::-moz-progress-bar { background: var(--waiting); }

.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0 0 .75rem; color: var(--dim); font-size: .8125rem; }
.legend svg { width: .7rem; height: .95rem; vertical-align: -.15rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem; align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.1rem; min-width: 0; }
.card header { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .6rem; }
.card header p { margin-left: auto; font-size: .875rem; color: var(--dim); }
.card h3 { font-size: 1.125rem; font-weight: 650; min-width: 0; }
.card header .badge { width: 1.35rem; height: 1.35rem; }
.place { color: var(--dim); font-size: .8125rem; padding-top: .1rem; }
.card > .empty { padding-top: 1rem; }
.card .concerns li { font-size: .9375rem; border-width: 0 0 0 .25rem; border-radius: 0; padding: .15rem 0 .15rem .7rem; background: none; }

.timeline { display: grid; grid-template-columns: auto 1fr; gap: .25rem .5rem; padding-top: 1rem; }
.timeline svg { width: 100%; height: 8rem; }
.hours, .sizes { display: flex; flex-direction: column; justify-content: space-between; text-align: right; }
.hours, .dates, .sizes { color: var(--dim); font-size: .75rem; line-height: 1; }
.dates { grid-column: 2; display: grid; grid-template-columns: 1fr 1fr 1fr auto; margin-right: 0; }
path { fill: none; }
.track { stroke: var(--track); stroke-width: 7.4; }
.proved { stroke: var(--mark); stroke-width: 7.4; }
.verified { stroke: var(--verified); stroke-width: 2.6; }
.unproved { stroke: var(--unproved); stroke-width: 2.6; }
.missed { stroke: var(--failing); stroke-width: 10; }
.overdue { stroke: var(--stale); stroke-width: 7.4; stroke-dasharray: 36 30; }
.legend .missed { stroke-dasharray: 260 1000; stroke-dashoffset: -440; }
.legend .overdue { stroke-dasharray: 200 160; }
.timeline rect { fill: transparent; }
.timeline rect:hover { fill: currentColor; fill-opacity: .1; }

.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(9rem, 45%), 1fr)); gap: .75rem 1rem; padding-top: 1rem; font-size: .9375rem; }
details { padding-top: .75rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--dim); width: fit-content; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; text-align: right; white-space: nowrap; }
thead th { color: var(--dim); font-size: .8125rem; }
.rounds td small { display: block; }
.rounds time small { margin-left: .4rem; }
@media (max-width: 40rem) { .rounds time small { display: block; margin-left: 0; } }
.outcome { white-space: nowrap; font-weight: 600; } .outcome.failing { color: var(--failing); } .outcome.attention { color: var(--attention); }

.lower { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 0 2.5rem; }
.lower > :empty { display: none; }
.plot { padding-top: 1.5rem; }
.plot figcaption { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; padding-bottom: .75rem; }
.plot h3 { font-size: 1.0625rem; font-weight: 650; }
.plot figcaption span { color: var(--dim); font-size: .875rem; }
.axes { display: grid; grid-template-columns: auto 1fr; gap: .35rem .6rem; }
.axes svg { width: 100%; height: 11rem; overflow: visible; }
.axes path { vector-effect: non-scaling-stroke; }
.grid { stroke: var(--line); stroke-width: 1; } .area { fill: var(--mark); fill-opacity: .14; } .line { stroke: var(--mark); stroke-width: 2; stroke-linejoin: round; }
.fall { stroke: var(--stale); stroke-width: 1.5; stroke-dasharray: 4 4; }
.shrunk { padding-top: .4rem; font-size: .875rem; color: var(--stale); }

#lost { position: sticky; top: 0; z-index: 1; padding-top: .75rem; padding-bottom: .75rem; background: #a80f18; color: #fff; max-width: none; font-weight: 550; }
#lost[hidden] { display: none; }
#lost p:first-child { font-size: clamp(1.125rem, 2.6vw, 2rem); line-height: 1.2; }
.away #live { filter: grayscale(1); }
.away .word { text-decoration: line-through; }
@media (prefers-reduced-motion: no-preference) { progress::-webkit-progress-value { transition: inline-size .6s; } }
@media print { .cards { display: block; } .card { break-inside: avoid; margin-bottom: 1rem; } }
`;
