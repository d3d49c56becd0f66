// The parts of ECharts that reports draw with; deploy/vendor bundles them into static/vendor/charts.js. Only as SVG.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);
window.drawChart = (element, option) => {
  const chart = init(element, null, { renderer: "svg" });
  chart.setOption(option);
  return chart;
};
