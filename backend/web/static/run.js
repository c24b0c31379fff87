"use strict";
// Follows one run: asks for its points while it lives, draws them, and loads the page anew when its state changes.
(() => {
  const place = document.getElementById("curve");
  const now = document.getElementById("now");
  const picture = document.getElementById("picture");
  const bar = document.getElementById("bar");
  const words = JSON.parse(place.dataset.words);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--soft").trim();
  const line = style.getPropertyValue("--line").trim();
  let plot = null;

  function options() {
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    return {
      width: place.clientWidth,
      height: 320,
      scales: { x: { time: false }, loss: {}, dice: { range: [0, 1] } },
      axes: [
        { ...axis, label: words.step },
        { ...axis, scale: "loss", label: words.loss },
        { ...axis, scale: "dice", side: 1, label: "Dice", grid: { show: false } },
      ],
      series: [
        { label: words.step },
        { label: words.loss, scale: "loss", stroke: style.getPropertyValue("--warn").trim(), width: 1.5, points: { show: false } },
        { label: "Dice", scale: "dice", stroke: style.getPropertyValue("--accent").trim(), width: 2.5, spanGaps: true },
      ],
    };
  }

  function draw(points) {
    if (points.length === 0) return;
    picture.hidden = bar.hidden = false;
    const data = [points.map((p) => p.step), points.map((p) => p.loss), points.map((p) => p.dice ?? null)];
    if (plot) plot.setData(data);
    else plot = new uPlot(options(), data, place);
  }

  function say(name, values) {
    return words[name].replace(/\{(\w+)\}/g, (_, value) => values[value]);
  }

  function spoken(seconds) {
    return seconds >= 90
      ? say("minutes", { n: Math.round(seconds / 60) })
      : say("seconds", { n: Math.max(1, Math.round(seconds)) });
  }

  function tell(run) {
    const p = run.progress;
    if (!p) return;
    bar.max = p.steps;
    bar.value = p.step;
    if (run.state !== "running") return;
    const dice = p.dice == null ? "" : say("dice", { dice: p.dice.toFixed(3) });
    const left = p.seconds_left == null ? "" : say("left", { time: spoken(p.seconds_left) });
    const phase = words[p.phase] ?? p.phase;
    now.textContent = say("now", { step: p.step, steps: p.steps, phase, loss: p.loss.toFixed(3), dice, left });
  }

  async function follow() {
    try {
      const reply = await fetch(place.dataset.source, { headers: { Accept: "application/json" } });
      if (reply.ok) {
        const run = await reply.json();
        draw(run.points);
        tell(run);
        if (run.state !== place.dataset.state) return location.reload();
        if (run.state !== "running" && run.state !== "queued") return undefined;
      }
    } catch {
      now.textContent = words.silent;
    }
    return setTimeout(follow, 2000);
  }

  new ResizeObserver(() => plot && plot.setSize({ width: place.clientWidth, height: 320 })).observe(place);
  follow();
})();
