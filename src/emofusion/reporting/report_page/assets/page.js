/* The slider and the choice of a rule. Together they are the page's state. Every chart and the line of numbers show
   this state. Shares are whole numbers of hundredths of a percent, and this script rounds nothing. */
"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const store = read("store");
  const { charts, config } = read("specs");
  const { grid, emotions, systems, modalities } = store;
  const views = {};
  const state = { system: 0, setting: 0 };

  const digits = (h) => `${h < 0 ? "−" : ""}${(Math.abs(h) / 100).toFixed(2)}`;
  const percent = (h) => (h === null ? "–" : `${digits(h)}%`);
  const points = (h) => (h === null ? "–" : `${h > 0 ? "+" : ""}${digits(h)}`);
  const between = (low, high, shown) => (low === null || high === null ? "" : `${shown(low)} to ${shown(high)}`);
  const intervalInWords = (range) => (range ? `${store.level} interval ${range}` : "no interval");
  const fraction = (h) => (h === null || h === undefined ? null : h / 10000);
  const subset = (gender, emotion) => store.subsets.findIndex(([g, e]) => g === gender && e === emotion);
  const printed = (system, part, emotion) => store.published[system.published]?.[part]?.[emotion] ?? null;
  const settingOf = (system) => (system.sweeps ? state.setting : 0);
  const inWords = (setting) => modalities.map((name, m) => `${name} ${grid[setting][m].toFixed(places)}`).join(", ");
  const places = Math.max(2, ...grid.slice(0, 2000).flat().map((w) => `${Number(w.toFixed(6))}`.length - 2));

  /** The accuracy of one subset at the present setting, with interval and counts, as numbers and as text. */
  const share = (system, gender, emotion) => {
    const s = subset(gender, emotion), i = settingOf(system);
    const [value, low, high] = [system.accuracy[s][i], system.low[s][i], system.high[s][i]];
    const clips = system.clips[s];
    const text = clips ? `${percent(value)} (${system.correct[s][i]}/${clips})` : "no clips";
    return { emotion, accuracy: fraction(value), low: fraction(low), high: fraction(high), text, clips,
      correct: system.correct[s][i], percent: percent(value), between: between(low, high, digits),
      published: fraction(printed(system, gender, emotion)), printed: percent(printed(system, gender, emotion)) };
  };

  const gap = (system, e) => {
    const i = settingOf(system), [value, low, high] = ["gap", "low", "high"].map((name) => system.gaps[name][e][i]);
    const [men, women] = ["male", "female"].map((gender) => share(system, gender, emotions[e]));
    const print = printed(system, "gap", emotions[e]);
    const in100 = (h) => (h === null ? null : h / 100);
    return { emotion: emotions[e], gap: in100(value), low: in100(low), high: in100(high), published: in100(print),
      text: `${points(value)} (${men.correct}/${men.clips}, ${women.correct}/${women.clips})`,
      points: points(value), between: between(low, high, points), printed: points(print), men, women };
  };

  const confusion = (system) => {
    const counts = system.confusion?.[settingOf(system)] ?? [], classes = emotions.slice(1);
    return counts.map((clips, cell) => {
      const row = Math.floor(cell / classes.length), all = system.clips[subset("all", classes[row])];
      const emotion = classes[row], predicted = classes[cell % classes.length];
      return { emotion, predicted, clips, share: clips / all, order: row, shown: `${emotion} (n=${all})`, text: `${clips} of ${all} clips`, all };
    }).filter((cell) => cell.all > 0);
  };

  /** Accuracy against the weight of one modality. With more than two modalities: its range over the other weights. */
  const curve = (m) => systems.filter((system) => system.sweeps).flatMap((system) => {
    const all = subset("all", "all"), one = modalities.length === 2;
    const rows = grid.map((weights, i) => ({ line: `${system.rule}, test`, weight: weights[m],
      accuracy: fraction(system.accuracy[all][i]), low: fraction(one ? system.low[all][i] : system.accuracy[all][i]),
      high: fraction(one ? system.high[all][i] : system.accuracy[all][i]),
      text: `${percent(system.accuracy[all][i])} (${system.correct[all][i]}/${system.clips[all]})` }));
    if (!one) {
      const ranges = new Map();
      for (const row of rows.filter((row) => row.accuracy !== null)) {
        const range = ranges.get(row.weight) ?? row;
        const low = Math.min(range.low, row.low), high = Math.max(range.high, row.high);
        const text = `${percent(Math.round(low * 10000))} to ${percent(Math.round(high * 10000))} (n=${system.clips[all]})`;
        ranges.set(row.weight, { line: row.line, weight: row.weight, low, high, text });
      }
      return [...ranges.values()].sort((a, b) => a.weight - b.weight);
    }
    const checked = system.validation;
    return rows.concat((checked?.accuracy ?? []).map((h, i) => ({ line: `${system.rule}, validation`,
      weight: grid[i][m], accuracy: fraction(h), low: null, high: null, text: `${percent(h)} (n=${checked.clips})` })));
  });

  // larger shapes are drawn below smaller ones, so that all annotations of one setting are visible
  const annotations = (m) => store.annotations.filter((item) => item.weights).map((item) => ({ annotation: item.annotation,
    name: `${item.name}, ${item.rule}`, size: store.key.annotations[item.annotation].size, weight: item.weights[m],
    accuracy: fraction(item.accuracy), text: `${percent(item.accuracy)} (n=${item.clips})` })).sort((a, b) => b.size - a.size);

  /** Whether the page shows the state that the annotation's button opens. */
  const isShown = ({ system, at }) => system === state.system && (at === null || at === state.setting);

  const here = (system, m) => (system.sweeps
    ? [{ weight: grid[state.setting][m], accuracy: share(system, "all", "all").accuracy }] : []);

  /** The named data of a chart that depend on the page's state. */
  const filled = (name) => {
    const system = systems[state.system];
    if (name.startsWith("curve_")) return { here: here(system, modalities.indexOf(name.slice(6))) };
    if (name === "emotions") return { emotions: emotions.map((emotion) => share(system, "all", emotion)) };
    if (name === "people") return { people: emotions.flatMap((emotion) => [["male", "men"], ["female", "women"]]
      .map(([gender, word]) => ({ ...share(system, gender, emotion), gender: word })).filter((row) => row.clips)) };
    if (name === "gaps") return { gaps: system.gaps ? emotions.map((_, e) => gap(system, e)).filter((row) => row.gap !== null) : [] };
    if (name === "confusion") return { confusion: confusion(system) };
    return {};
  };
  /** The named data of a chart that do not depend on the page's state. */
  const fixed = (name) => {
    if (name === "rules") return { rules: store.rules };
    if (name === "robustness") return { robustness: store.robustness };
    if (store.fixed[name]) return store.fixed[name];
    const m = modalities.indexOf(name.slice(6));
    return name.startsWith("curve_") ? { curve: curve(m), annotations: annotations(m) } : {};
  };

  const fill = (view, data) => {
    for (const [name, rows] of Object.entries(data)) view.data(name, rows);
    return view.runAsync();
  };
  let drawing = null, again = false;
  /** Redraw all charts. If the slider moves during the drawing, they are drawn once more at its end. */
  const draw = () => {
    again = true;
    drawing ??= (async () => {
      while (again) {
        again = false;
        await Promise.all(Object.entries(views).map(([name, view]) => fill(view, filled(name))));
      }
      drawing = null;
    })();
    return drawing;
  };

  const sliders = [...document.querySelectorAll("input[type=range]")];
  const list = document.getElementById("system");
  const buttons = [...document.querySelectorAll("button[data-annotation]")];

  const showNumbers = () => {
    const system = systems[state.system], all = share(system, "all", "all");
    const names = system.sweeps ? [...new Set(store.annotations.filter(isShown).map((item) => item.name))] : [];
    const sentences = [`${system.label}${names.length ? ` – ${names.join(", ")}` : ""}: ${all.percent} accuracy, ${intervalInWords(all.between)}, ${all.correct} of ${all.clips} test clips.`];
    const e = emotions.indexOf("all");
    if (system.gaps && system.gaps.gap[e][settingOf(system)] !== null) {
      const { points: value, between: range, men, women } = gap(system, e);
      sentences.push(`Gender gap ${value} points, ${intervalInWords(range)}: men ${men.text}, women ${women.text}.`);
    }
    document.getElementById("readout").replaceChildren(...sentences.map((sentence) => {
      const line = document.createElement("span");
      line.textContent = `${sentence} `;
      return line;
    }));
    const words = sliders.length ? inWords(state.setting) : "";
    if (sliders.length) document.getElementById("weights").textContent = system.sweeps ? words : "not used by this rule";
    for (const slider of sliders) {
      slider.disabled = !system.sweeps;
      slider.value = grid[state.setting][slider.dataset.modality];
      slider.setAttribute("aria-valuetext", words);
    }
    buttons.forEach((button) => button.setAttribute("aria-pressed", isShown(store.annotations[button.dataset.annotation])));
    list.value = system.rule;
  };
  const go = (change) => {
    Object.assign(state, change);
    showNumbers();
    return draw();
  };

  /** The setting of the grid nearest to the weights. The weight that was moved counts more than the others. */
  const nearest = (weights, moved = 0) => {
    const cost = (setting) => setting.reduce((sum, w, m) => sum + (m === moved ? 1e6 : 1) * (w - (weights[m] ?? w)) ** 2, 0);
    return grid.reduce((best, setting, i) => (cost(setting) < cost(grid[best]) ? i : best), 0);
  };
  const ways = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
  for (const slider of sliders) {
    const m = Number(slider.dataset.modality);
    const move = (weight) => {
      const weights = grid[state.setting].slice(0, -1);
      weights[m] = weight;
      go({ setting: nearest(weights, m) });
    };
    slider.addEventListener("input", () => move(Number(slider.value)));
    // An annotated setting may be between two steps. A browser would first round it to a step, and then move.
    slider.addEventListener("keydown", (event) => {
      const way = ways[event.key];
      if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const steps = Math.floor(way * grid[state.setting][m] / store.step + 1e-3) + 1;
      move(way * steps * store.step);
    });
  }
  list.addEventListener("change", () => go({ system: systems.findIndex((system) => system.rule === list.value) }));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { system, at } = store.annotations[button.dataset.annotation];
      go({ system, setting: at ?? state.setting });
    });
  }

  if (matchMedia("(max-width: 40rem)").matches) document.getElementById("about").open = false;

  const begin = async () => {
    if (grid.length) state.setting = nearest(store.start.weights);
    state.system = Math.max(0, systems.findIndex((system) => system.rule === store.start.rule));
    showNumbers();
    const options = { mode: "vega-lite", renderer: "svg", actions: false, config };
    for (const [name, spec] of Object.entries(charts)) {
      const datasets = { ...fixed(name), ...filled(name) };
      views[name] = (await vegaEmbed(`#chart-${name}`, { ...spec, datasets }, options)).view;
    }
    await draw();
  };
  window.reportPage = { views, state, ready: begin(), settled: () => drawing ?? Promise.resolve() };
})();
