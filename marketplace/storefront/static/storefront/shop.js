// Countdowns, live units, notifications. The server renders everything and htmx asks it every few seconds; sockets,
// where there are some, make it live and let the asking rest.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const [said, toasts] = [byId("said"), byId("toasts")];
  const seconds = () => performance.now() / 1000;
  const socketAddress = (path) => new URL(path, window.location.href.replace(/^http/, "ws"));
  const RETRY = { first: 2, most: 60 }; // seconds

  // --- countdowns: from the seconds that the server says, so that a wrong clock on this side does not matter
  const deadlines = new WeakMap();
  const pad = (number) => String(number).padStart(2, "0");
  const clock = (left) => {
    const [days, hours, minutes] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60];
    if (!days && !hours) return `${minutes}:${pad(left % 60)}`;
    return `${days ? `${days} d ` : ""}${hours}:${pad(minutes)}:${pad(left % 60)}`;
  };

  const setDeadline = (element, left) => deadlines.set(element, seconds() + Number(left));
  const tick = () => {
    for (const element of document.querySelectorAll("[data-seconds]")) {
      if (!deadlines.has(element)) setDeadline(element, element.dataset.seconds);
      const left = Math.max(0, Math.ceil(deadlines.get(element) - seconds()));
      if (element.textContent === clock(left)) continue;
      element.textContent = clock(left);
      if ("hold" in element.dataset) sayHold(element, left);
      if (left === 0 && element.checkVisibility()) askAgain(element.closest("[data-promo]"));
    }
  };

  const sayHold = (element, left) => {
    element.parentElement.classList.toggle("card__yours--short", left <= 15);
    said.textContent = { 30: said.dataset.thirty, 10: said.dataset.ten, 0: said.dataset.over }[left] ?? said.textContent;
  };

  const askAgain = (card) => setTimeout(() => htmx.trigger(card, "refresh"), 200 + Math.random() * 800); // not all at once

  // --- a socket that comes back
  const keepOpen = async (open, isWanted, wait = RETRY.most) => {
    const again = () => setTimeout(keepOpen, wait * (500 + Math.random() * 500), open, isWanted, Math.min(wait * 2, RETRY.most));
    const socket = isWanted() ? await open().catch(() => undefined) : null;
    if (socket === undefined) again();
    if (!socket) return; // not wanted any more, or there are none
    socket.addEventListener("open", () => (wait = RETRY.first));
    socket.addEventListener("close", again);
  };

  // --- promotions: a socket for each card that somebody can see
  const watched = new Map();
  const watch = (promo) => {
    if (watched.has(promo)) return;
    const own = { isLive: false, socket: null };
    watched.set(promo, own);
    keepOpen(async () => {
      own.socket = new WebSocket(socketAddress(`/ws/promotions/${promo}/`));
      own.socket.addEventListener("message", (event) => showUnits(promo, own, JSON.parse(event.data)));
      own.socket.addEventListener("close", () => (own.isLive = false));
      return own.socket;
    }, () => watched.get(promo) === own);
  };
  const unwatch = (promo) => {
    watched.get(promo)?.socket?.close();
    watched.delete(promo);
  };

  const showUnits = (promo, own, message) => {
    const card = byId(`promo-${promo}`);
    if (message.type !== "promotion" || !card) return;
    own.isLive = true;
    if (message.state !== card.dataset.state) htmx.trigger(card, "refresh");
    card.dataset.isChanged = "";
    const left = card.querySelector("[data-left]");
    const [free, taken] = [card.querySelector("[data-free]"), card.querySelector("[data-taken]")];
    if (left) {
      const words = left.dataset.words.replace("{left}", message.units_left).replace("{units}", left.dataset.units);
      if (left.textContent !== words) left.textContent = words;
      card.querySelector("[data-meter]").value = message.units_left;
    }
    if (!free) return;
    free.hidden = message.units_free === 0;
    taken.hidden = message.units_free > 0;
    setDeadline(taken.querySelector("[data-lapse]"), message.next_lapse_in ?? 0);
    tick();
  };

  const seenCards = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.toggleAttribute("data-in-view", isIntersecting);
      if (isIntersecting) watch(target.dataset.promo);
      else if (target === (byId(target.id) ?? target)) unwatch(target.dataset.promo); // not one that htmx has replaced
      if (!target.isConnected) seenCards.unobserve(target);
    }
  }, { rootMargin: "200px" });

  // --- notifications
  const bellSocket = { isLive: false, cursor: "", seen: new Set() };
  const bell = () => byId("bell");
  let newest = Number(bell()?.dataset.newest ?? 0);
  const toast = ({ kind, title, body }) => {
    const box = toasts.appendChild(document.createElement("div"));
    box.className = "toast";
    const make = (tag, textContent) => Object.assign(box.appendChild(document.createElement(tag)), { textContent });
    make("strong", title);
    make("p", body);
    make("button", toasts.dataset.close).addEventListener("click", () => box.remove());
    setTimeout(() => box.remove(), 12000);
    if (!/^(flash|wait)/.test(kind)) return;
    make("a", toasts.dataset.see).href = toasts.dataset.home;
    const list = byId("promotions"); // the new one joins the others, unless somebody is in the middle of something
    if (list && !list.querySelector("[data-mine], [data-order]")) htmx.trigger(list, "refresh-list");
  };

  const onNotification = (socket, message) => {
    bellSocket.isLive = true;
    if (message.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
    if (message.type === "unread") showUnread(message.unread_count);
    if (message.type !== "notification" || bellSocket.seen.has(message.notification.id)) return;
    bellSocket.cursor = message.cursor;
    bellSocket.seen.add(message.notification.id);
    newest = Math.max(newest, Number(message.notification.id));
    toast(message.notification);
  };
  const showUnread = (count) => {
    const badge = document.querySelector("[data-unread]");
    badge.hidden = count === 0;
    badge.textContent = count < 100 ? count : "99+";
    bell().dataset.isChanged = "";
  };

  const openBell = async () => {
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(document.body.dataset.ticket, { method: "POST", headers: { "X-CSRFToken": token } });
    if (answer.status !== 200) return null;
    const { ticket, path } = await answer.json();
    const address = socketAddress(path);
    address.searchParams.set("ticket", ticket);
    if (bellSocket.cursor) address.searchParams.set("after", bellSocket.cursor);
    const socket = new WebSocket(address);
    socket.addEventListener("message", (event) => onNotification(socket, JSON.parse(event.data)));
    socket.addEventListener("close", () => (bellSocket.isLive = false));
    return socket;
  };

  // --- what htmx asks and brings
  const isLive = (element) => (element.id === "bell" ? bellSocket.isLive : watched.get(element.dataset.promo)?.isLive);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = event.detail;
    const isPoll = !requestConfig.triggeringEvent && elt.matches("[data-promo], #bell");
    const isUnseen = "promo" in elt.dataset && !elt.hasAttribute("data-in-view");
    if (isPoll && (document.hidden || isUnseen || isLive(elt))) event.preventDefault();
  });

  // What a socket has changed is not what the server gave: it must not answer that nothing is new.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if ("isChanged" in detail.elt.dataset) delete detail.parameters.seen;
  });

  const fail = (title) => toast({ kind: "", title, body: "" });
  document.addEventListener("htmx:responseError", () => fail(document.body.dataset.failed));
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.requestConfig.verb === "post") byId(detail.target.id)?.querySelector("[data-focus]")?.focus();
  });

  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const cards = elt.matches("[data-promo]") ? [elt] : elt.querySelectorAll("[data-promo]");
    for (const card of cards) seenCards.observe(card);
    const { newest: latest = 0, kind, title, body } = bell()?.dataset ?? {};
    if (Number(latest) > newest) toast({ kind, title, body });
    newest = Math.max(newest, Number(latest));
  });

  // --- small things of the page
  byId("inbox")?.addEventListener("toggle", ({ newState, target }) => {
    if (newState !== "open") return;
    htmx.trigger(target.firstElementChild, "open-inbox");
    htmx.trigger(bell(), "refresh");
  });

  for (const button of document.querySelectorAll("[data-username]")) {
    button.addEventListener("click", () => {
      for (const name of ["username", "password"]) document.querySelector(`[name=${name}]`).value = button.dataset[name];
    });
  }

  for (const locate of navigator.geolocation ? document.querySelectorAll("[data-locate]") : []) {
    locate.hidden = false;
    const denied = () => fail(locate.dataset.denied);
    const found = ({ coords }) => {
      for (const name of ["latitude", "longitude"]) locate.form.elements[name].value = coords[name].toFixed(5);
      locate.form.requestSubmit();
    };
    locate.addEventListener("click", () => navigator.geolocation.getCurrentPosition(found, denied, { timeout: 10000 }));
  }

  setInterval(tick, 250);
  if (document.body.dataset.ticket) keepOpen(openBell, () => true);
})();
