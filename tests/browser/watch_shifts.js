// Add up by how much what was already drawn moves.
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = entry.sources.map(({ node }) => node?.parentElement?.className || node?.nodeName);
    window.shifts.push({ value: entry.value, moved: moved.slice(0, 3) });
  }
}).observe({ type: "layout-shift", buffered: true });
