"use strict";
// Follows one run while it lives: its curve, what it takes, its pictures, its log; loads the page anew at its end.
(() => {
  const place = document.getElementById("curve");
  const now = document.getElementById("now");
  const bar = document.getElementById("bar");
  const log = document.getElementById("log");
  const pictures = document.getElementById("samples-pictures");
  const words = JSON.parse(place.dataset.words);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  let points = [];
  let plot = null;

  function series(name, scale, stroke, more = {}) {
    return { label: words[name], scale, stroke: colour(stroke), width: 2, spanGaps: true, ...more };
  }

  function options() {
    const line = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--soft"), grid: line, ticks: line };
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
        series("loss", "loss", "--warn", { width: 1.5, points: { show: false } }),
        series("lesions", "dice", "--accent", { width: 2.5 }),
        series("bladder", "dice", "--focus", { dash: [6, 4] }),
      ],
    };
  }

  function draw(fresh, step) {
    // an attempt that went back to its checkpoint draws its part of the curve anew
    const from = fresh.length ? fresh[0].step : step + 1;
    points = points.filter((point) => point.step < from).concat(fresh);
    if (points.length === 0) return;
    document.getElementById("picture").hidden = false;
    const data = ["step", "loss", "dice", "bladder_dice"].map((key) => points.map((point) => point[key] ?? null));
    if (plot) plot.setData(data);
    else plot = new uPlot(options(), data, place);
  }

  function element(name, text) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function tell(run) {
    if (now.textContent !== run.now) now.textContent = run.now;
    bar.hidden = run.step === null;
    bar.max = run.steps ?? 1;
    bar.value = run.step ?? 0;
    const boxes = run.facts.map(([name, value]) => {
      const box = element("div");
      box.append(element("dt", name), element("dd", value));
      return box;
    });
    document.getElementById("facts").replaceChildren(...boxes);
    const text = run.log.join("\n");
    if (log.textContent === text) return;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    log.textContent = text;
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function show(samples) {
    if (!samples) return;
    document.getElementById("samples").hidden = false;
    const title = document.getElementById("samples-title");
    if (title.textContent === samples.title) return;
    title.textContent = samples.title;
    const figures = samples.pictures.map((one) => {
      const picture = Object.assign(element("img"), { src: one.url, alt: pictures.dataset.alt, width: 256, height: 1024 });
      const link = Object.assign(element("a"), { href: one.url });
      link.append(picture);
      const figure = element("figure");
      figure.append(link, element("figcaption", one.words));
      return figure;
    });
    pictures.replaceChildren(...figures);
  }

  async function follow() {
    try {
      const after = points.length ? points[points.length - 1].step : 0;
      const reply = await fetch(`${place.dataset.source}?after=${after}`, { headers: { Accept: "application/json" } });
      if (reply.ok) {
        const run = await reply.json();
        if (run.state !== place.dataset.state) return location.reload();
        draw(run.points, run.step ?? 0);
        tell(run);
        show(run.samples);
        if (run.state !== "running" && run.state !== "queued") return undefined;
      }
    } catch {
      now.textContent = words.silent;
    }
    return setTimeout(follow, 2000);
  }

  new ResizeObserver(() => plot && plot.setSize({ width: place.clientWidth, height: 320 })).observe(place);
  log.scrollTop = log.scrollHeight;
  follow();
})();
