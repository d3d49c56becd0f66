// Draws what stands in data-chart (JSON) beside its table; without script, or where ECharts is not loaded, the table is all there is.
document.addEventListener("DOMContentLoaded", () => {
  const figures = [...document.querySelectorAll("[data-chart]")];
  if (!figures.length) return;
  if (!window.drawChart) { figures.forEach((figure) => { figure.hidden = true; }); return; }
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const draw = (figure) => {
    const data = JSON.parse(figure.dataset.chart);
    const text = { color: colour("--text-quiet"), fontFamily: getComputedStyle(figure).fontFamily, fontSize: 12 };
    const across = data.kind === "bar";
    const names = { type: "category", data: data.labels, inverse: across, axisLabel: { ...text, width: across ? 180 : undefined, overflow: "truncate" }, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("--line") } } };
    const values = { type: "value", max: data.percent ? 100 : undefined, axisLabel: { ...text, formatter: data.percent ? "{value} %" : data.hours ? "{value} h" : "{value}" }, splitLine: { lineStyle: { color: colour("--line") } } };
    const colours = [colour("--accent"), colour("--n8")];
    if (across) figure.style.height = `${Math.max(9, 3 + data.labels.length * (data.series.length > 1 ? 2.6 : 1.9))}rem`;
    return window.drawChart(figure, {
      animation: false, color: colours, textStyle: text, grid: { left: 8, right: 24, top: data.series.length > 1 ? 36 : 16, bottom: 8, containLabel: true },
      legend: data.series.length > 1 ? { top: 0, left: 0, textStyle: text, itemWidth: 12, itemHeight: 12 } : undefined,
      tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: colour("--ground-float"), borderColor: colour("--line-strong"), textStyle: { ...text, color: colour("--text") },
        formatter: (points) => [points[0].name, ...points.map((each) => `${each.seriesName}: ${data.said[each.seriesIndex][each.dataIndex]}`)].join("\n") },
      xAxis: across ? values : names, yAxis: across ? names : values,
      series: data.series.map((each) => ({ name: each.name, type: data.kind, data: each.values.map((value) => (data.hours && value !== null ? Math.round(value / 6) / 10 : value)), barMaxWidth: 14, symbol: "circle", symbolSize: 5, showSymbol: data.labels.length < 40, connectNulls: true, lineStyle: { width: 2 }, itemStyle: { borderRadius: across ? [0, 3, 3, 0] : 0 } })),
    });
  };
  let charts = figures.map(draw);
  probe.remove();
  window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
});
