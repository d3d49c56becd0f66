// The parts of ECharts that reports draw with; deploy/vendor bundles them into static/vendor/charts.js. Only as SVG.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

// Our pages allow no style attributes; ECharts writes some into its SVG. Set by script they are allowed, and mean the same.
const set = SVGElement.prototype.setAttribute;
SVGElement.prototype.setAttribute = function setAttribute(name, value) {
  if (name === "style") this.style.cssText = value;
  else set.call(this, name, value);
};

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
window.drawChart = (element, option) => {
  const chart = init(element, null, { renderer: "svg" });
  chart.setOption(option);
  return chart;
};
