/** The page's style sheet: light or dark, as the reader's system is. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --card: #ffffff; --ink: #1a1a19; --soft: #52514e; --muted: #898781;
  --line: #e1e0d9; --axis: #c3c2b7; --good: #006300; --bad: #c4302f;
  --blue: #2a78d6; --orange: #eb6834; --aqua: #1baf7a; --yellow: #eda100;
  --green: #008300; --violet: #4a3aa7; --red: #e34948; --magenta: #e87ba4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d0d0d; --card: #1a1a19; --ink: #f4f4f2; --soft: #c3c2b7; --muted: #898781;
    --line: #2c2c2a; --axis: #383835; --good: #4cc24c; --bad: #f07a79;
    --blue: #3987e5; --orange: #d95926; --aqua: #199e70; --yellow: #c98500;
    --green: #22a322; --violet: #9085e9; --red: #e66767; --magenta: #d55181;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; margin: 0; }
h2 { font-size: 19px; margin: 36px 0 4px; }
p { margin: 0 0 12px; color: var(--soft); }
.warning { color: var(--bad); font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 18px; }
figure {
  margin: 0; padding: 14px 16px 10px; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px;
}
figcaption { font-weight: 600; margin-bottom: 6px; }
.note { font-size: 13px; margin: 4px 0 0; }
figure > svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
svg text.label { fill: var(--muted); }
svg text.value { fill: var(--ink); }
svg .axis { stroke: var(--axis); }
svg .grid { stroke: var(--line); }
svg line.mark { stroke: var(--ink); stroke-dasharray: 2 3; }
svg text.mark { fill: var(--ink); }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg .limit { fill: none; stroke-width: 1.2; stroke-dasharray: 5 4; opacity: 0.8; }
svg g > circle, svg g > rect, svg g > path:not(.line):not(.limit) { stroke: var(--card); stroke-width: 1; }
.legend {
  list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0 0 6px; padding: 0;
  font-size: 13px; color: var(--soft);
}
.legend svg { width: 12px; height: 12px; margin-right: 5px; vertical-align: -1px; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; margin: 6px 0; }
th, td { text-align: left; padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 500; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.good { color: var(--good); }
td.bad { color: var(--bad); font-weight: 600; }
details { margin: 6px 0; }
summary { cursor: pointer; padding: 4px 0; }
`;
