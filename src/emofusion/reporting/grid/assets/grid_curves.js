/* The slider for the weight: the accuracy of every cell at this weight, in the tables and in a chart. */
"use strict";
(() => {
  const { store, tables, digits, known, make, onChange } = gridPage;
  const { slid, grids, curves, cellCurve, cellWeights, settingCells, own, baseline } = store;
  if (!slid.length) return;
  const sliders = [...document.querySelectorAll("#slider input[type=range]")];
  const chart = document.getElementById("curves-chart");
  // for each grid of weights the position of the present ones
  const at = grids.map(() => 0);

  const nearest = (grid, weights, moved) => {
    const cost = (point) => point.reduce((sum, w, m) => sum + (m === moved ? 1e6 : 1) * (w - (weights[m] ?? w)) ** 2, 0);
    return grid.reduce((best, point, i) => (cost(point) < cost(grid[best]) ? i : best), 0);
  };
  const shareOf = (curve, point) => 10000 * curve.correct[point] / curve.clips;
  /** The accuracy of a cell at the present weights, in hundredths of a percent. A cell without a curve has its own. */
  const exact = (cell) => {
    const curve = curves[cellCurve[cell]];
    return curve ? shareOf(curve, at[curve.grid]) : own[cell];
  };
  const accuracy = (cell) => Math.round(exact(cell));
  const mean = (cells) => Math.round(cells.map(exact).reduce((a, b) => a + b, 0) / cells.length);
  const title = "At this weight";
  tables.cells.add({ title, kind: "share", compute: accuracy }, "Accuracy");
  tables.settings.add({ title, kind: "share", compute: (setting) => mean(settingCells[setting]) }, "Accuracy");

  const NAME = "http://www.w3.org/2000/svg";
  const left = 48, right = 790, top = 8, bottom = 260;
  const draw = (tag, attributes, text) => {
    const element = document.createElementNS(NAME, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  // each line of few has its own dash, because colours cannot be told apart in black and white
  const LINES = [["#14284d", ""], ["#b8620e", "8 4"], ["#2f7d5b", "3 2"], ["#6f6f6f", "9 3 2 3"], ["#8a4b9c", "5 2"], ["#000000", "2 4"]];
  const shares = curves.flatMap((curve) => curve.correct.map((_, i) => shareOf(curve, i)));
  const low = Math.floor((Math.min(...[...new Set(shares)]) - 50) / 500) * 500;
  const high = Math.ceil((Math.max(...[...new Set(shares)]) + 50) / 500) * 500;
  const x = (weight) => left + weight * (right - left);
  const y = (h) => bottom - ((h - low) / (high - low)) * (bottom - top);
  let line = null;
  /** The chart of the cells that the filters show. Curves of the others are pale. */
  const redraw = () => {
    if (!chart) return;
    const shown = new Set(tables.cells.visible.map((cell) => cellCurve[cell]));
    const step = Math.max(500, Math.ceil((high - low) / 3000) * 500);
    const parts = [];
    for (let h = Math.ceil(low / step) * step; h <= high; h += step) {
      parts.push(draw("line", { x1: left, x2: right, y1: y(h), y2: y(h), stroke: "#e3e3e3" }));
      parts.push(draw("text", { x: left - 6, y: y(h) + 4, "text-anchor": "end" }, `${h / 100}%`));
    }
    for (const weight of [0, 0.25, 0.5, 0.75, 1]) {
      parts.push(draw("text", { x: x(weight), y: bottom + 16, "text-anchor": weight === 1 ? "end" : "middle" }, weight));
    }
    parts.push(draw("text", { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" }, `weight of ${slid[0]}`));
    const numbers = curves.map((_, number) => number).sort((a, b) => shown.has(a) - shown.has(b));
    const few = numbers.filter((number) => shown.has(number)).length <= LINES.length;
    const key = [];
    for (const number of numbers) {
      const curve = curves[number], visible = shown.has(number);
      const points = curve.correct.map((_, i) => `${x(grids[curve.grid][i][0]).toFixed(1)},${y(shareOf(curve, i)).toFixed(1)}`);
      const [tint, dash] = visible && few ? LINES[key.length] : [visible ? "#14284d" : "#e6e6e6", ""];
      const style = { fill: "none", stroke: tint, "stroke-dasharray": dash || "none", "stroke-width": few ? 2 : 1, "stroke-opacity": few ? 1 : 0.6 };
      const path = draw("polyline", { points: points.join(" "), ...style });
      path.append(draw("title", {}, curve.label));
      parts.push(path);
      if (visible && few) {
        const sample = draw("svg", { width: 34, height: 12, "aria-hidden": "true" });
        sample.append(draw("path", { d: "M0,6H34", ...style }));
        key.push(make("li", {}, sample, ` ${curve.label}`));
      }
    }
    document.getElementById("curves-key").replaceChildren(...key);
    for (const cell of tables.cells.visible.slice(0, 2000)) {
      if (!cellWeights[cell]) continue;
      const dot = draw("circle", { cx: x(cellWeights[cell][0]), cy: y(own[cell]), r: tables.cells.visible.length > 100 ? 2 : 3.5, fill: "white", stroke: "black" });
      dot.append(draw("title", {}, `configured: weight ${cellWeights[cell][0]}, ${digits(own[cell])}%`));
      parts.push(dot);
    }
    line = draw("line", { y1: top, y2: bottom, stroke: "#b8620e", "stroke-width": 2 });
    chart.replaceChildren(...parts, line);
    mark();
  };
  const mark = () => {
    const weight = grids[0][at[0]][0];
    line?.setAttribute("x1", x(weight));
    line?.setAttribute("x2", x(weight));
  };

  const say = () => {
    const weights = grids[0][at[0]];
    document.getElementById("weights").textContent = slid.map((name, m) => `${name} ${Number(weights[m].toFixed(4))}`).join(", ");
    sliders.forEach((slider, m) => {
      slider.value = weights[m];
      slider.setAttribute("aria-valuetext", document.getElementById("weights").textContent);
    });
    const cells = tables.cells.visible.filter((cell) => known(cellCurve[cell]));
    const now = cells.map(accuracy);
    const text = now.length ? `Lowest ${digits(Math.min(...now))}%, mean ${digits(mean(cells))}%, highest ${digits(Math.max(...now))}% of ${cells.length} shown cells.` : "No shown cell has a weight.";
    document.getElementById("readout").textContent = text;
  };
  const go = (weights, moved = 0) => {
    grids.forEach((grid, number) => { at[number] = nearest(grid, weights, moved); });
    for (const table of [tables.settings, tables.cells]) {
      // the place in a long table is kept, unless the rows are sorted by this column
      if (table.sorting?.compute) table.arrange();
      else table.draw();
    }
    mark();
    say();
  };
  for (const slider of sliders) {
    const m = Number(slider.dataset.modality);
    const move = (weight) => {
      const weights = grids[0][at[0]].slice(0, -1);
      weights[m] = weight;
      go(weights, m);
    };
    slider.addEventListener("input", () => move(Number(slider.value)));
    slider.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const steps = [...new Set(grids[0].map((point) => point[m]))].sort((a, b) => a - b);
      const now = steps.indexOf(grids[0][at[0]][m]);
      move(steps[Math.min(steps.length - 1, Math.max(0, now + way))]);
    });
  }
  const home = cellWeights[baseline] ?? slid.map(() => 1 / slid.length);
  document.getElementById("to-baseline").addEventListener("click", () => go(home));
  onChange(() => { redraw(); say(); });
  go(home);
  redraw();
})();
