// The script of the pictures. An entry says where it is, data-at="j2 i3"; letters do the rest.

export const parse = (at) =>
  Object.fromEntries(at.split(" ").map((part) => [part[0], Number(part.slice(1))]));

// The letter whose number two entries share, which colors the one when the other is pointed at;
// undefined when they share no letter, or differ in a number.
export const shared = (one, other) => {
  const letters = ["j", "k", "p", "i"].filter((letter) => letter in one && letter in other);
  return letters.every((letter) => one[letter] === other[letter]) ? letters[0] : undefined;
};

// Where a key leads in a table of so many rows and columns, from the entry with this number.
export const moved = (key, from, rows, columns, ctrl = false) => {
  const row = Math.floor(from / columns);
  const column = from % columns;
  const last = columns - 1;
  const [r, c] = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [ctrl ? 0 : row, 0],
    End: [ctrl ? rows - 1 : row, last],
  }[key] ?? [-1, -1];
  return r < 0 || c < 0 || r >= rows || c > last ? undefined : r * columns + c;
};

export const stepped = (key, step, count) => {
  const next = { ArrowLeft: step - 1, ArrowRight: step + 1, Home: 1, End: count }[key];
  return next >= 1 && next <= count ? next : undefined;
};

// One formula: pointing at an entry lights up what makes it, or what it goes into.
const explore = (row, say = () => {}) => {
  const cells = [...row.querySelectorAll("tbody td")];
  const marked = row.querySelectorAll("[data-at]");
  let pinned;
  const light = (cell) => {
    const here = cell && parse(cell.dataset.at);
    for (const other of marked) {
      delete other.dataset.lit;
      if (other.tagName === "TD") other.setAttribute("aria-selected", other === cell);
      const letter = here && other !== cell && shared(here, parse(other.dataset.at));
      const same = cell && other.closest("table") === cell.closest("table");
      if (letter && (!same || other.tagName === "TH")) other.dataset.lit = letter;
    }
    if (cell) say(cells.indexOf(cell));
  };
  for (const table of row.querySelectorAll("table")) {
    const inside = [...table.querySelectorAll("tbody td")];
    const columns = table.tBodies[0].rows[0].cells.length - 1;
    table.setAttribute("role", "grid");
    inside.forEach((cell, n) => (cell.tabIndex = n ? -1 : 0));
    table.addEventListener("focusin", ({ target }) => {
      for (const cell of inside) cell.tabIndex = cell === target ? 0 : -1;
      light((pinned = target));
    });
    table.addEventListener("keydown", (event) => {
      const rows = inside.length / columns;
      const next = moved(event.key, inside.indexOf(event.target), rows, columns, event.ctrlKey);
      if (event.key.startsWith("Arrow") || next !== undefined) {
        event.preventDefault();
        event.stopPropagation();
      }
      inside[next]?.focus();
    });
  }
  row.addEventListener("pointerover", ({ target }) => light(target.closest("tbody td") ?? pinned));
  row.addEventListener("pointerleave", () => light(pinned));
  row.addEventListener("click", ({ target }) => target.closest("tbody td")?.focus());
  return (cell) => light((pinned = cell));
};

const explorer = (root) => {
  const said = root.querySelector(".fcn-said");
  const words = root.querySelectorAll("details li");
  const hint = root.querySelector(".fcn-bar span");
  hint.hidden = false;
  const worked = [...words].findIndex((item) => item.innerHTML === said.innerHTML);
  const row = root.querySelector(".fcn-row");
  const pin = explore(row, (n) => {
    if (said.innerHTML !== words[n].innerHTML) said.innerHTML = words[n].innerHTML;
  });
  pin(row.querySelectorAll("tbody td")[worked]);
};

const stepper = (root) => {
  const steps = [...root.querySelectorAll(".fcn-steps > li")];
  const controls = root.querySelector(".fcn-controls");
  const [back, next] = controls.querySelectorAll("button");
  const slider = controls.querySelector("input");
  const output = controls.querySelector("output");
  const go = (step) => {
    steps.forEach((item, n) => item.classList.toggle("fcn-now", n + 1 === step));
    const title = steps[step - 1].querySelector(".fcn-title").textContent;
    slider.value = step;
    slider.setAttribute("aria-valuetext", title);
    output.textContent = `Step ${step} of ${steps.length}: ${title}`;
    back.disabled = step === 1;
    next.disabled = step === steps.length;
  };
  const by = (change) => go(Math.min(Math.max(Number(slider.value) + change, 1), steps.length));
  back.addEventListener("click", () => by(-1));
  next.addEventListener("click", () => by(1));
  slider.addEventListener("input", () => go(Number(slider.value)));
  root.addEventListener("keydown", (event) => {
    const step = stepped(event.key, Number(slider.value), steps.length);
    if (event.target === slider || step === undefined) return;
    event.preventDefault();
    go(step);
  });
  for (const row of root.querySelectorAll(".fcn-row")) explore(row);
  root.classList.add("fcn-live");
  controls.hidden = false;
  go(1);
};

// One switch for all pictures and formulas of the page, remembered for the next one.
const KEY = "fcnref-index-colors";
const page = globalThis.document?.documentElement;

const remember = (value) => {
  try {
    if (value) localStorage.setItem(KEY, value);
    return localStorage.getItem(KEY);
  } catch {
    return value; // a frame of a notebook may have no storage
  }
};

const color = (value) => {
  page.dataset.fcnColors = value;
  for (const button of document.querySelectorAll(".fcn-colors")) {
    button.setAttribute("aria-pressed", value === "on");
  }
};

if (page) {
  for (const root of document.querySelectorAll(".fcn-explorer, .fcn-stepper")) {
    if (root.fcnStarted) continue;
    root.fcnStarted = true;
    (root.matches(".fcn-stepper") ? stepper : explorer)(root);
    const button = root.querySelector(".fcn-colors");
    button.hidden = false;
    button.addEventListener("click", () => {
      const value = page.dataset.fcnColors === "off" ? "on" : "off";
      remember(value);
      color(value);
    });
  }
  color(remember() ?? "on");
}
