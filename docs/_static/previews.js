// A reference to an equation or a figure shows it: to a pointer, to the keyboard and to a finger.
// Escape closes it. Nothing is fetched: what a page refers to is on the page, or in a template.
// No module: a browser loads none from a folder. The braces keep the names here.
{
  const LINKS = ".bd-article a.reference.internal[href*='#']";

  // Below the link if there is room, else above it; never beyond the edges of the window.
  const place = (link, box, window, gap = 8) => {
    const below = link.bottom + gap;
    const above = link.top - gap - box.height;
    const fits = below + box.height <= window.height - gap;
    return {
      left: Math.max(gap, Math.min(link.left, window.width - box.width - gap)),
      top: fits || above < gap ? below : above,
    };
  };

  // How far a formula has to shrink to fit, and no further than it can be read.
  const shrink = (wanted, given, least = 0.7) =>
    wanted > given ? Math.max(least, given / wanted) : 1;

  const bare = (element) => {
    const copy = element.cloneNode(true);
    for (const part of [copy, ...copy.querySelectorAll("[id]")]) part.removeAttribute("id");
    for (const part of copy.querySelectorAll(".headerlink, .eqno")) part.remove();
    return copy;
  };

  // What a link shows, or nothing: the caption from the template, the formula from where it is.
  const contents = (link) => {
    const id = decodeURIComponent(link.hash.slice(1));
    const template = document.querySelector(`template[data-equation="${CSS.escape(id)}"]`);
    const target = link.pathname === location.pathname && document.getElementById(id);
    if (template) return [template.content.cloneNode(true), target ? bare(target) : ""];
    return target?.tagName === "FIGURE" ? [bare(target)] : undefined;
  };

  const start = () => {
    const box = document.createElement("div");
    Object.assign(box, { id: "fcn-preview", className: "fcn-preview", popover: "manual" });
    box.setAttribute("role", "tooltip");
    document.querySelector(".bd-article").append(box);

    let shown, timer, touched;
    const settle = () => {
      const { left, top } = place(shown.getBoundingClientRect(), box.getBoundingClientRect(), {
        width: document.documentElement.clientWidth,
        height: innerHeight,
      });
      Object.assign(box.style, { left: `${left}px`, top: `${top}px` });
    };
    const close = () => {
      clearTimeout(timer);
      if (!shown) return;
      shown.removeAttribute("aria-describedby");
      shown = undefined;
      box.hidePopover();
    };
    const open = (link) => {
      clearTimeout(timer);
      if (shown === link) return;
      close();
      const parts = contents(link);
      if (!parts) return;
      box.replaceChildren(...parts);
      box.showPopover();
      shown = link;
      link.setAttribute("aria-describedby", box.id);
      for (const formula of box.querySelectorAll(".formula"))
        formula.style.fontSize = `${shrink(formula.scrollWidth, formula.clientWidth)}em`;
      settle();
    };
    const later = (act, delay) => {
      clearTimeout(timer);
      timer = setTimeout(act, delay);
    };

    for (const link of document.querySelectorAll(LINKS)) {
      if (!contents(link)) continue;
      link.addEventListener("pointerenter", ({ pointerType }) => {
        if (pointerType === "mouse") later(() => open(link), 150);
      });
      link.addEventListener("pointerleave", () => later(close, 250));
      link.addEventListener("focus", () => link.matches(":focus-visible") && open(link));
      link.addEventListener("blur", close);
      // The first tap shows the equation, the second one goes there.
      link.addEventListener("pointerdown", ({ pointerType }) => (touched = pointerType === "touch"));
      link.addEventListener("click", (event) => {
        if (!touched || shown === link) return close();
        event.preventDefault();
        open(link);
      });
    }
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", () => later(close, 250));
    addEventListener("keydown", ({ key }) => key === "Escape" && close());
    addEventListener("pointerdown", ({ target }) => {
      if (!box.contains(target) && !shown?.contains(target)) close();
    });
    addEventListener("scroll", () => shown && settle(), { passive: true });
  };

  if (globalThis.document?.querySelector(".bd-article")) start();
  else globalThis.previews = { place, shrink };
}
