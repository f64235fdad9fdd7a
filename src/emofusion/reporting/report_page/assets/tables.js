/* Sort a table by a click on a heading, and select the rows of one rule. */
"use strict";
(() => {
  const order = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };

  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const key = (row) => row.cells[column].dataset.sort;
    const rows = [...body.rows];
    // missing values come last in both directions; equal rows keep their order
    rows.sort((a, b) => (key(a) === "") - (key(b) === "") || direction * order(key(a), key(b)));
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        sort(table, column, falling ? -1 : 1);
      });
    });
  }

  for (const select of document.querySelectorAll(".choose select")) {
    const rows = select.closest(".table").querySelectorAll("tbody tr");
    select.addEventListener("change", () => {
      for (const row of rows) row.hidden = select.value !== "" && row.cells[0].dataset.sort !== select.value;
    });
  }
})();
