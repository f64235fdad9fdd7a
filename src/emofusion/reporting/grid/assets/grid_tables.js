/* Tables that are filtered, sorted and paged. Numbers are whole hundredths of a percent, losses with three decimals, or text; this script rounds none. */
"use strict";
const gridPage = (() => {
  const store = JSON.parse(document.getElementById("store").textContent);
  const PAGE = 50;
  const digits = (h) => `${Math.round(h) < 0 ? "−" : ""}${(Math.abs(h) / 100).toFixed(2)}`;
  const signed = (h) => `${h > 0 ? "+" : ""}${digits(h)}`;
  const known = (value) => value !== null && value !== undefined;
  const range = ([low, high], shown) => (known(low) && known(high) ? `${shown(low)} to ${shown(high)}` : "");
  const plain = (value) => value.toFixed(3);
  const probability = (p) => (p < 0.00005 ? "<0.0001" : p.toFixed(4));
  // kind of a column: its text, a smaller text below, and what it is sorted by
  const kinds = {
    level: { text: (v) => v, key: (v) => v, words: true },
    text: { text: (v) => v, key: (v) => v, words: true },
    flag: { text: (v) => (v ? "baseline" : ""), key: (v) => (v ? 0 : 1), words: true },
    count: { text: (v) => (known(v) ? `${v}` : "–"), key: (v) => v },
    share: { text: (v) => (known(v) ? `${digits(v)}%` : "–"), key: (v) => v },
    shares: { text: (v) => (known(v[0]) ? `${digits(v[0])}%` : "–"), below: (v) => range(v.slice(1), digits), key: (v) => v[0] },
    points: { text: (v) => (known(v[0]) ? signed(v[0]) : "–"), below: (v) => range(v.slice(1), signed), key: (v) => v[0] },
    between: { text: (v) => range(v, signed) || "–", key: (v) => v[0] },
    deviation: { text: (v) => (known(v) ? digits(v) : "–"), key: (v) => v },
    spread: { text: (v) => (known(v[0]) ? `${digits(v[0])}% ± ${digits(v[1])}` : "–"), below: (v) => range(v.slice(2), digits), key: (v) => v[0] },
    loss: { text: (v) => (known(v) ? plain(v) : "–"), key: (v) => v },
    losses: { text: (v) => (known(v[0]) ? plain(v[0]) : "–"), below: (v) => range(v.slice(1), plain), key: (v) => v[0] },
    p: { text: (v) => (known(v) ? probability(v) : "–"), key: (v) => v },
    link: { text: () => "report", key: (v) => v, words: true, link: (v) => `${v.split("/").map(encodeURIComponent).join("/")}/report.html` },
  };
  const order = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? `${a}`.localeCompare(`${b}`) : x - y;
  };
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  class Table {
    constructor(data) {
      Object.assign(this, { data, sorting: null, falling: false, start: 0, size: PAGE });
      this.root = document.getElementById(`table-${data.id}`);
      this.columns = data.columns.map((column, source) => ({ source, ...column }));
      this.visible = data.rows.map((_, row) => row);
      this.baseline = data.columns.findIndex((column) => column.kind === "flag");
      const head = this.root.querySelector("thead tr");
      this.columns.forEach((column) => head.append(this.heading(column)));
      this.draw();
    }
    heading(column) {
      const button = make("button", { type: "button", textContent: column.title });
      const cell = make("th", { scope: "col", className: kinds[column.kind].words ? "" : "number" }, button);
      cell.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => this.sort(column));
      return cell;
    }
    /** The value of a row in a column; a column may compute it. */
    value(row, column) {
      return column.compute ? column.compute(row) : this.data.rows[row][column.source];
    }
    /** Put a computed column behind the column of this title. */
    add(column, behind) {
      const at = this.columns.findIndex(({ title }) => title === behind) + 1;
      this.columns.splice(at, 0, column);
      this.root.querySelectorAll("th")[at].before(this.heading(column));
      this.arrange();
    }
    /** The first click sorts, the second turns the order round, and the third gives the order of the command back. */
    sort(column) {
      [this.sorting, this.falling] = this.sorting !== column ? [column, false] : this.falling ? [null, false] : [column, true];
      [...this.root.querySelectorAll("th")].forEach((head, n) =>
        head.setAttribute("aria-sort", this.columns[n] !== this.sorting ? "none" : this.falling ? "descending" : "ascending"));
      this.arrange();
    }
    /** Show the rows that the filters let through, in the present order. */
    arrange(shows = this.shows ?? (() => true)) {
      this.shows = shows;
      this.visible = this.data.rows.map((_, row) => row).filter(shows);
      if (this.sorting !== null) {
        const { key } = kinds[this.sorting.kind];
        const keys = new Map(this.visible.map((row) => [row, key(this.value(row, this.sorting))]));
        const missing = (row) => !known(keys.get(row)) || keys.get(row) === "";
        // missing values come last in both directions; equal rows keep their order
        this.visible.sort((a, b) => missing(a) - missing(b) || (this.falling ? -1 : 1) * order(keys.get(a), keys.get(b)));
      }
      this.start = 0;
      this.draw();
    }
    draw() {
      const rows = this.visible.slice(this.start, this.start + this.size);
      this.root.querySelector("tbody").replaceChildren(...rows.map((row) => this.row(row)));
      this.pager();
    }
    row(row) {
      const line = make("tr", { className: this.baseline >= 0 && this.data.rows[row][this.baseline] ? "baseline" : "" });
      line.dataset.row = row;
      this.columns.forEach((column) => {
        const kind = kinds[column.kind], value = this.value(row, column);
        const cell = make("td", { className: !kind.words ? "number" : `${kind.text(value)}`.length < 28 ? "short" : "" });
        const text = kind.text(value);
        cell.append(kind.link ? make("a", { href: kind.link(value), title: value, ariaLabel: `report of ${value}`, textContent: text }) : text);
        const below = kind.below?.(value);
        if (below) cell.append(" ", make("small", { textContent: below }));
        line.append(cell);
      });
      return line;
    }
    pager() {
      const all = this.visible.length, end = Math.min(this.start + this.size, all);
      const go = (label, start, disabled) => {
        const button = make("button", { type: "button", textContent: label, disabled });
        button.addEventListener("click", () => {
          this.start = start;
          this.draw();
          this.root.querySelector(".wide").scrollTop = 0;
          this.root.querySelector(".pager button:not(:disabled)")?.focus();
        });
        return button;
      };
      const text = all ? `rows ${this.start + 1} to ${end} of ${all}` : "no row";
      this.root.querySelector(".pager").replaceChildren(
        ...(all > this.size ? [go("Previous", Math.max(0, this.start - this.size), this.start === 0),
          go("Next", this.start + this.size, end === all)] : []), make("span", { textContent: text }));
    }
  }

  const tables = Object.fromEntries(Object.values(store.tables)
    .filter((data) => document.getElementById(`table-${data.id}`)).map((data) => [data.id, new Table(data)]));

  /* A filter lets a level through. Factors with many levels have no checkboxes. */
  const FEW = 12;
  const filters = {};
  const listeners = [];
  const apply = () => {
    for (const table of Object.values(tables)) {
      const tested = table.columns.filter((column) => filters[column.factor]);
      if (tested.length) table.arrange((row) => tested.every((column) => filters[column.factor](table.value(row, column))));
    }
    const count = ({ visible, data }, word) => `${visible.length} of ${data.rows.length} ${word}`;
    document.getElementById("shown").textContent =
      `Shown: ${count(tables.settings, "settings")}, ${count(tables.cells, "cells")}.`;
    listeners.forEach((listener) => listener());
  };
  const field = (factor, number) => {
    const box = make("fieldset", {}, make("legend", { textContent: factor.name }));
    const input = (type, label, extra = {}) => {
      const control = make("input", { type, id: `filter-${number}-${label}`, ...extra });
      control.addEventListener("input", apply);
      return [control, make("label", { htmlFor: control.id, textContent: label })];
    };
    if (factor.levels.length <= FEW) {
      const levels = make("div", { className: `levels${factor.levels.length > 6 ? " many" : ""}` });
      const controls = factor.levels.map((level) => {
        const [control, label] = input("checkbox", level, { defaultChecked: true, value: level });
        levels.append(make("span", {}, control, " ", label));
        return control;
      });
      box.append(levels);
      filters[factor.name] = (level) => controls.some((control) => control.checked && control.value === level);
    } else if (factor.numeric) {
      const [from, fromLabel] = input("number", "from", { step: "any", placeholder: factor.levels[0] });
      const [to, toLabel] = input("number", "to", { step: "any", placeholder: factor.levels.at(-1) });
      box.append(fromLabel, " ", from, " ", toLabel, " ", to);
      filters[factor.name] = (level) => (from.value === "" || Number(level) >= Number(from.value) - 1e-9)
        && (to.value === "" || Number(level) <= Number(to.value) + 1e-9);
    } else {
      const [text, label] = input("search", "contains");
      box.append(label, " ", text);
      filters[factor.name] = (level) => level.includes(text.value);
    }
    return box;
  };
  const form = document.getElementById("filters");
  form.append(...store.factors.map(field));
  const all = make("button", { type: "reset", textContent: "Show all" });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  if (store.factors.length) form.append(all);

  // paper has no pages to turn: all rows are printed
  let before = [];
  addEventListener("beforeprint", () => {
    before = Object.values(tables).map((table) => [table, table.start]);
    for (const [table] of before) Object.assign(table, { start: 0, size: Infinity }).draw();
  });
  addEventListener("afterprint", () => before.forEach(([table, start]) => Object.assign(table, { start, size: PAGE }).draw()));

  apply();
  return { store, tables, digits, known, make, apply, onChange: (listener) => listeners.push(listener) };
})();
