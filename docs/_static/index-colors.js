// The colors of the indices can be switched off, on all pages; the pictures use the same switch.
// No module: a browser loads none from a folder. The braces keep the names here.
{
  const KEY = "fcnref-index-colors";
  const root = document.documentElement;
  const set = (value) => {
    root.dataset.fcnColors = value;
    for (const button of document.querySelectorAll(".fcn-colors")) {
      button.setAttribute("aria-pressed", value === "on");
    }
  };
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };

  // Where indices are colored, the switch stands among the buttons of the page.
  const buttons = document.querySelector(".article-header-buttons");
  if (buttons && document.querySelector(":is(.fcn-i, .fcn-j, .fcn-p, .fcn-k)")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm fcn-colors";
    button.textContent = "Index colors";
    button.addEventListener("click", () => {
      const value = root.dataset.fcnColors === "off" ? "on" : "off";
      try {
        localStorage.setItem(KEY, value);
      } catch {
        // without a storage the choice lasts until the page is left
      }
      set(value);
    });
    buttons.prepend(button);
  }
  set(stored() ?? "on");
}
