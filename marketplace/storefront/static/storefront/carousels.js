// Carousels: refreshed when the server says that something changed, and what was seen and opened is told in batches.
"use strict";

(() => {
  const box = document.getElementById("selections");
  if (!box) return;
  const SEEN_AFTER = 1000; // milliseconds with half of a card on the screen
  const SEND_EVERY = 5000;
  const MOST = 50;
  const told = new Set(); // what this page has told already: a card that is refreshed is not seen twice
  const waiting = [];

  // --- events: kept for a moment, sent together, also while the page is being left
  const uuid7 = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let now = Date.now();
    for (let at = 5; at >= 0; at -= 1) {
      bytes[at] = now % 256;
      now = Math.floor(now / 256);
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  const tell = (type, { exposure, product, position }) => {
    if (told.has(type + exposure)) return;
    told.add(type + exposure);
    waiting.push({
      event_id: uuid7(),
      type,
      product_id: product,
      occurred_at: new Date().toISOString(),
      exposure_id: exposure,
      position: Number(position),
    });
    if (waiting.length >= MOST) send();
  };

  const send = () => {
    if (!waiting.length) return;
    const body = JSON.stringify({ sent_at: new Date().toISOString(), events: waiting.splice(0, MOST) });
    const headers = { "Content-Type": "text/plain", "X-CSRFToken": box.dataset.token };
    fetch(box.dataset.seen, { method: "POST", body, headers, keepalive: true }).catch(() => undefined);
  };
  setInterval(send, SEND_EVERY);
  document.addEventListener("visibilitychange", () => document.hidden && send());
  window.addEventListener("pagehide", send);

  // --- what is on the screen: half of a card for a second
  const timers = new WeakMap();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, intersectionRatio } of entries) {
      clearTimeout(timers.get(target));
      if (intersectionRatio >= 0.5) {
        timers.set(target, setTimeout(() => !document.hidden && tell("impression", target.dataset), SEEN_AFTER));
      }
    }
  }, { threshold: [0, 0.5] });

  const observe = () => {
    for (const card of box.querySelectorAll("[data-exposure]")) {
      watcher.observe(card);
      card.addEventListener("toggle", () => card.open && tell("click", card.dataset));
    }
  };
  observe();
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target === box) observe();
  });

  // --- refreshed when something changed, unless somebody has a card open
  const refresh = () => {
    if (!box.querySelector("details[open]")) htmx.trigger(box, "refresh-selections");
  };
  let wait = 2;
  const listen = () => {
    const socket = new WebSocket(new URL("/ws/exposure/", window.location.href.replace(/^http/, "ws")));
    socket.addEventListener("open", () => (wait = 2));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "changed") setTimeout(refresh, message.refresh_in_ms);
    });
    socket.addEventListener("close", () => {
      setTimeout(listen, wait * (500 + Math.random() * 500));
      wait = Math.min(wait * 2, 60);
    });
  };
  listen();
})();
