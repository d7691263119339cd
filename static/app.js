/* Keyboard, lease timer and the review sheet. Every page works without this file. */
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.remove("no-js");
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { const box = one("#status"); if (box) box.textContent = text; };

  const pad = (number) => String(number).padStart(2, "0");
  const tickClock = () => {
    const clock = one("#clock");
    if (!clock) return;
    const now = new Date();
    const utc = `${pad(now.getUTCHours())}:${pad(now.getUTCMinutes())} UTC`;
    const here = now.getTimezoneOffset() ? `${pad(now.getHours())}:${pad(now.getMinutes())} · ` : "";
    clock.textContent = here + utc;
  };
  tickClock();
  setInterval(tickClock, 15000);

  /* Lease: counts down from the server's remaining seconds, warns two minutes before. */
  let warned = false;
  const started = performance.now();
  const tickLease = () => {
    const box = one("[data-lease-seconds]");
    if (!box) return;
    const left = Math.max(0, Number(box.dataset.leaseSeconds) - (performance.now() - started) / 1000);
    box.textContent = left > 0 ? `${Math.floor(left / 60)}:${pad(Math.floor(left % 60))}` : "ended";
    if (left < 120 && !warned) { warned = true; box.closest(".statusbar")?.classList.add("caution"); say("Your lease ends in two minutes. Press L to extend it."); }
  };
  tickLease();
  setInterval(tickLease, 1000);

  /* Half-written text survives a reload of the same page, in memory of this tab only. */
  let dirty = false;
  document.addEventListener("input", (event) => { if (event.target.closest("#decide, #notes-form")) dirty = true; });
  document.addEventListener("submit", (event) => {
    dirty = false;
    const button = event.submitter;
    if (button && !event.defaultPrevented) button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  /* The review sheet arrives as HTML; show it as a modal dialog. */
  const showSheet = () => {
    const sheet = one("#sheet-host dialog");
    if (!sheet || sheet.matches(":modal")) return;
    sheet.removeAttribute("open");
    sheet.showModal();
    one("[data-first]", sheet)?.focus();
  };
  document.addEventListener("htmx:after:swap", showSheet);
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
  });

  /* Keyboard: single keys only while nothing is being typed. */
  const rows = () => all("[data-row] a.lead, .items [tabindex]");
  const move = (step) => {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(document.activeElement);
    list[Math.min(list.length - 1, Math.max(0, at + step))].focus();
  };
  const typing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
  const places = { q: "/queue", a: "/accounts", r: "/rings" };
  let leader = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (one("dialog:modal")) return;
    const key = event.key;
    if (leader && performance.now() - leader < 1200 && places[key]) { leader = 0; location.href = places[key]; return; }
    leader = 0;
    const act = {
      "?": () => one("#shortcuts")?.showModal(),
      "/": () => one("#finder")?.focus(),
      j: () => move(1), k: () => move(-1),
      g: () => { leader = performance.now(); },
      m: () => one("#note-text")?.focus(),
    }[key];
    const keyed = /^[a-z0-9]$/.test(key) && one(`[data-key="${key}"]`);
    if (act) { event.preventDefault(); act(); } else if (keyed) { event.preventDefault(); keyed.click(); if (keyed.matches("input")) keyed.focus(); }
  });
})();
