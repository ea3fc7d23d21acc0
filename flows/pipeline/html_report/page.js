"use strict";
const chartData = JSON.parse(document.getElementById("chart-data").textContent);
const views = new Map();
let picked = "";

/* Rows come by column, each text once. */
function rowsOf({ rows, columns }) {
  const decoded = Object.entries(columns).map(([name, { values, texts, codes }]) => [
    name, values ?? codes.map((code) => texts[code]),
  ]);
  return Array.from({ length: rows }, (_, at) => Object.fromEntries(decoded.map(([name, column]) => [name, column[at]])));
}
const datasets = Object.fromEntries(Object.entries(chartData.rows).map(([name, rows]) => [name, rowsOf(rows)]));

function datasetsOf(spec) {
  const names = [...JSON.stringify(spec).matchAll(/"data":\{"name":"(\w+)"\}/g)].map((found) => found[1]);
  return Object.fromEntries(names.filter((name) => name in datasets).map((name) => [name, datasets[name]]));
}

async function draw(place, language) {
  const name = place.dataset.chart;
  const spec = chartData.specs[language][name];
  place.setAttribute("aria-label", place.dataset[language]);
  views.get(name)?.finalize();
  if (!spec) return;
  const isNarrow = place.clientWidth < 600;
  const legend = { columns: isNarrow ? 2 : 9, labelLimit: isNarrow ? 140 : 160 };
  const config = { ...chartData.config, legend: { ...chartData.config.legend, ...legend } };
  if (isNarrow) config.axis = { ...config.axis, labelLimit: 105 };
  const options = { renderer: "svg", actions: false, ast: true, config, defaultStyle: false };
  try {
    const chart = await vegaEmbed(place, { ...spec, datasets: { ...spec.datasets, ...datasetsOf(spec) } }, options);
    views.set(name, chart);
    pick(chart.view);
  } catch (error) {
    place.textContent = chartData.translations[language].chart_failed;
    place.classList.add("failed");
    console.error(name, error);
  }
}

function pick(view) {
  try { view.signal("picked", picked).runAsync(); } catch { /* this chart has no such choice */ }
}

async function show(language) {
  document.documentElement.lang = language;
  document.title = chartData.translations[language].title;
  for (const button of document.querySelectorAll("button[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  for (const place of document.querySelectorAll("[data-chart]")) await draw(place, language);
  document.documentElement.dataset.drawn = language;
}

for (const button of document.querySelectorAll("button[data-language]"))
  button.addEventListener("click", () => show(button.dataset.language));
document.getElementById("pick")?.addEventListener("change", (event) => {
  picked = event.target.value;
  for (const { view } of views.values()) pick(view);
});
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });
show(document.documentElement.lang);
