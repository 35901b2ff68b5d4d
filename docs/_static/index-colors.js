// The colors of the indices can be switched off, on all pages; the pictures use the same switch.
// No module: a browser loads none from a folder. The braces keep the names here. It runs before the
// page is painted, so that colors which are off do not flash.
{
  const KEY = "fcnref-index-colors";
  const COLORED = ":is(.fcn-i, .fcn-j, .fcn-p, .fcn-k, img.index-colors)";
  const root = document.documentElement;
  const set = (value) => {
    root.dataset.fcnColors = value;
    for (const button of document.querySelectorAll(".fcn-colors")) {
      button.setAttribute("aria-pressed", value === "on");
    }
  };
  const remember = (value) => {
    try {
      if (value) localStorage.setItem(KEY, value);
      return localStorage.getItem(KEY);
    } catch {
      return value; // without a storage the choice lasts until the page is left
    }
  };

  // Where indices are colored, the switch stands among the buttons of the page.
  const addSwitch = () => {
    const buttons = document.querySelector(".article-header-buttons");
    if (!buttons || !document.querySelector(COLORED)) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm fcn-colors";
    button.textContent = "Index colors";
    button.addEventListener("click", () => {
      const value = root.dataset.fcnColors === "off" ? "on" : "off";
      remember(value);
      set(value);
    });
    buttons.prepend(button);
    set(root.dataset.fcnColors);
  };

  set(remember() ?? "on");
  document.addEventListener("DOMContentLoaded", addSwitch);
}
