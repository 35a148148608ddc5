// The map of admin forms: our own drawing in Web Mercator, a grid and a scale in kilometres, other places as dots.
// Click, drag or the keyboard set the place; the two number fields stay what is sent.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const TILE = 256;
  const ZOOMS = { least: 2, most: 18 };
  const LIMIT = 85.05112878; // where Web Mercator ends
  const KM_PER_DEGREE = 111.32;
  const MOVED = 4; // pixels: less is a click
  const MIDDLE_OF_NOWHERE = { latitude: 19.4326, longitude: -99.1332 };

  const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
  const wrapped = (longitude) => ((((longitude + 180) % 360) + 360) % 360) - 180;

  const project = ({ latitude, longitude }, zoom) => {
    const size = TILE * 2 ** zoom;
    const sine = Math.sin((clamp(latitude, -LIMIT, LIMIT) * Math.PI) / 180);
    return {
      x: ((longitude + 180) / 360) * size,
      y: (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size,
    };
  };

  const unproject = ({ x, y }, zoom) => {
    const size = TILE * 2 ** zoom;
    const n = Math.PI * (1 - (2 * y) / size);
    return { latitude: (Math.atan(Math.sinh(n)) * 180) / Math.PI, longitude: (x / size) * 360 - 180 };
  };

  const kmPerPixel = (latitude, zoom) =>
    (KM_PER_DEGREE * 360 * Math.cos((latitude * Math.PI) / 180)) / (TILE * 2 ** zoom);

  // 1, 2 or 5 times a power of ten.
  const nice = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].find((step) => step * power >= value) * power;
  };

  const make = (name, attributes = {}, parent = null) => {
    const element = name.startsWith("svg:")
      ? document.createElementNS(SVG, name.slice(4))
      : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (parent) parent.append(element);
    return element;
  };

  class MapPicker {
    constructor(root, data) {
      const form = root.closest("form") || document;
      this.data = data;
      this.latitude = form.querySelector(`[name="${data.latitude}"]`);
      this.longitude = form.querySelector(`[name="${data.longitude}"]`);
      if (!this.latitude || !this.longitude) return;
      this.build(root);
      this.showPlace();
      this.listen();
    }

    build(root) {
      const { words, tiles, attribution } = this.data;
      const helpId = `${root.id}-help`;
      this.frame = make("div", { class: "map-picker__frame" }, root);
      this.tiles = tiles ? make("div", { class: "map-picker__tiles", "aria-hidden": "true" }, this.frame) : null;
      this.drawing = make(
        "svg:svg",
        {
          class: "map-picker__drawing",
          tabindex: "0",
          role: "application",
          "aria-label": words.map,
          "aria-describedby": helpId,
        },
        this.frame,
      );
      const bar = make("div", { class: "map-picker__bar" }, root);
      this.button(bar, "+", words.zoom_in, () => this.zoomBy(1));
      this.button(bar, "−", words.zoom_out, () => this.zoomBy(-1));
      this.button(bar, words.centre, words.centre, () => this.showPlace());
      this.button(bar, words.set, words.set, () => this.setPlace(this.centre));
      this.said = make("span", { role: "status", "aria-live": "polite" }, bar);
      make("p", { class: "map-picker__note", id: helpId }, root).textContent = words.help;
      if (attribution) make("p", { class: "map-picker__attribution" }, root).textContent = attribution;
      root.hidden = false;
    }

    button(bar, text, label, act) {
      const button = make("button", { type: "button", "aria-label": label, title: label }, bar);
      button.textContent = text;
      button.addEventListener("click", act);
    }

    listen() {
      for (const field of [this.latitude, this.longitude]) {
        field.addEventListener("input", () => {
          if (!this.writing) this.showPlace();
        });
      }
      this.drawing.addEventListener("keydown", (event) => this.onKey(event));
      this.drawing.addEventListener("pointerdown", (event) => this.onDown(event));
      this.drawing.addEventListener("pointermove", (event) => this.onMove(event));
      this.drawing.addEventListener("pointerup", (event) => this.onUp(event));
      this.drawing.addEventListener("pointercancel", () => {
        this.drag = null;
      });
      this.drawing.addEventListener(
        "wheel",
        (event) => {
          // Only where somebody works on the map: the page must still scroll past it.
          if (document.activeElement !== this.drawing) return;
          event.preventDefault();
          this.zoomBy(event.deltaY < 0 ? 1 : -1, this.at(event));
        },
        { passive: false },
      );
      new ResizeObserver(() => this.draw()).observe(this.frame);
    }

    get place() {
      const [latitude, longitude] = [this.latitude, this.longitude].map((field) =>
        field.value.trim() === "" ? NaN : Number(field.value.replace(",", ".")),
      );
      const isPlace = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
      return isPlace ? { latitude, longitude } : null;
    }

    setPlace({ latitude, longitude }) {
      this.writing = true;
      const values = [clamp(latitude, -90, 90), wrapped(longitude)];
      [this.latitude, this.longitude].forEach((field, index) => {
        field.value = String(Number(values[index].toFixed(6)));
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      });
      this.writing = false;
      this.draw();
    }

    // The place in the middle, as near as it can be told apart; without one, everything there is.
    showPlace() {
      const { place } = this;
      if (place) {
        this.centre = place;
        this.zoom = Math.max(this.zoom || 0, 13);
      } else if (!this.centre) {
        this.showAll();
      }
      this.draw();
    }

    showAll() {
      const points = this.data.points.length ? this.data.points : [MIDDLE_OF_NOWHERE];
      const middle = (name) => {
        const values = points.map((point) => point[name]);
        return (Math.min(...values) + Math.max(...values)) / 2;
      };
      this.centre = { latitude: middle("latitude"), longitude: middle("longitude") };
      const { width, height } = this.size;
      this.zoom = 12;
      const fits = () =>
        points.every((point) => {
          const { x, y } = this.onScreen(point);
          return x > 20 && y > 20 && x < width - 20 && y < height - 20;
        });
      while (this.zoom > ZOOMS.least && !fits()) this.zoom -= 1;
    }

    get size() {
      return { width: this.frame.clientWidth || 600, height: this.frame.clientHeight || 350 };
    }

    onScreen(point) {
      const { width, height } = this.size;
      const centre = project(this.centre, this.zoom);
      const { x, y } = project(point, this.zoom);
      return { x: x - centre.x + width / 2, y: y - centre.y + height / 2 };
    }

    // The place on earth under a pixel of the frame.
    under({ x, y }) {
      const { width, height } = this.size;
      const centre = project(this.centre, this.zoom);
      const found = unproject({ x: centre.x + x - width / 2, y: centre.y + y - height / 2 }, this.zoom);
      return { latitude: clamp(found.latitude, -LIMIT, LIMIT), longitude: wrapped(found.longitude) };
    }

    at(event) {
      const box = this.frame.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    panBy(x, y) {
      const { width, height } = this.size;
      this.centre = this.under({ x: width / 2 + x, y: height / 2 + y });
      this.draw();
    }

    zoomBy(steps, around = null) {
      const { width, height } = this.size;
      const pixel = around || { x: width / 2, y: height / 2 };
      const fixed = this.under(pixel);
      this.zoom = clamp(this.zoom + steps, ZOOMS.least, ZOOMS.most);
      const { x, y } = this.onScreen(fixed);
      this.panBy(x - pixel.x, y - pixel.y);
    }

    onKey(event) {
      const step = event.shiftKey ? 10 : 60;
      const acts = {
        ArrowLeft: () => this.panBy(-step, 0),
        ArrowRight: () => this.panBy(step, 0),
        ArrowUp: () => this.panBy(0, -step),
        ArrowDown: () => this.panBy(0, step),
        "+": () => this.zoomBy(1),
        "=": () => this.zoomBy(1),
        "-": () => this.zoomBy(-1),
        Enter: () => this.setPlace(this.centre),
        " ": () => this.setPlace(this.centre),
      };
      const act = acts[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault(); // Enter must not send the form
      act();
    }

    onDown(event) {
      if (event.button !== 0) return;
      this.drawing.focus({ preventScroll: true });
      this.drawing.setPointerCapture(event.pointerId);
      const isMarker = event.target.classList.contains("map-picker__marker");
      this.drag = { start: this.at(event), last: this.at(event), isMarker, hasMoved: false };
    }

    onMove(event) {
      const { drag } = this;
      if (!drag) return;
      const now = this.at(event);
      drag.hasMoved = drag.hasMoved || Math.hypot(now.x - drag.start.x, now.y - drag.start.y) >= MOVED;
      if (drag.hasMoved && drag.isMarker) this.setPlace(this.under(now));
      else if (drag.hasMoved) this.panBy(drag.last.x - now.x, drag.last.y - now.y);
      drag.last = now;
    }

    onUp(event) {
      const { drag } = this;
      this.drag = null;
      if (drag && !drag.hasMoved) this.setPlace(this.under(this.at(event)));
    }

    draw() {
      const { width, height } = this.size;
      this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
      const layers = make("svg:g");
      const step = this.drawGrid(layers, width, height);
      for (const point of this.data.points) this.drawPoint(layers, point, width, height);
      this.drawMarker(layers);
      make("svg:path", { class: "map-picker__cross", d: this.crossAt(width / 2, height / 2) }, layers);
      this.drawScale(layers, step, height);
      this.drawing.replaceChildren(layers);
      if (this.tiles) this.drawTiles(width, height);
      this.say();
    }

    // Lines every so many kilometres, as that is in the middle of the map.
    drawGrid(parent, width, height) {
      const latitude = clamp(Math.round(this.centre.latitude), -80, 80);
      const km = nice(kmPerPixel(latitude, this.zoom) * 70);
      const steps = {
        latitude: km / KM_PER_DEGREE,
        longitude: km / (KM_PER_DEGREE * Math.cos((latitude * Math.PI) / 180)),
      };
      const first = this.under({ x: 0, y: height });
      const from = { latitude: first.latitude, longitude: this.centre.longitude - this.degreesAcross(width) / 2 };
      let path = "";
      for (let n = Math.ceil(from.longitude / steps.longitude), lines = 0; lines < 60; n += 1, lines += 1) {
        const { x } = this.onScreen({ latitude: 0, longitude: n * steps.longitude });
        if (x > width) break;
        path += `M${x.toFixed(1)} 0V${height}`;
      }
      for (let n = Math.ceil(from.latitude / steps.latitude), lines = 0; lines < 60; n += 1, lines += 1) {
        const { y } = this.onScreen({ latitude: n * steps.latitude, longitude: 0 });
        if (y < 0) break;
        path += `M0 ${y.toFixed(1)}H${width}`;
      }
      make("svg:path", { class: "map-picker__grid", d: path, fill: "none" }, parent);
      return km;
    }

    degreesAcross(width) {
      return (width / (TILE * 2 ** this.zoom)) * 360;
    }

    drawPoint(parent, point, width, height) {
      const { x, y } = this.onScreen(point);
      if (x < -10 || y < -10 || x > width + 10 || y > height + 10) return;
      const dot = make("svg:circle", { class: "map-picker__point", cx: x, cy: y, r: 5 }, parent);
      make("svg:title", {}, dot).textContent = point.label;
    }

    drawMarker(parent) {
      const { place } = this;
      if (!place) return;
      const { x, y } = this.onScreen(place);
      make(
        "svg:path",
        { class: "map-picker__marker", d: `M${x} ${y}l-9 -17a10.5 10.5 0 1 1 18 0z` },
        parent,
      );
    }

    crossAt(x, y) {
      return `M${x - 10} ${y}h20M${x} ${y - 10}v20`;
    }

    drawScale(parent, km, height) {
      const length = km / kmPerPixel(this.centre.latitude, this.zoom);
      make("svg:path", { class: "map-picker__scale", d: `M12 ${height - 18}v6h${length}v-6`, fill: "none" }, parent);
      const text = make("svg:text", { class: "map-picker__text", x: 16, y: height - 20 }, parent);
      text.textContent = km >= 1 ? `${km.toLocaleString()} km` : `${Math.round(km * 1000)} m`;
    }

    drawTiles(width, height) {
      const centre = project(this.centre, this.zoom);
      const corner = { x: centre.x - width / 2, y: centre.y - height / 2 };
      const count = 2 ** this.zoom;
      const wanted = new Map();
      for (let x = Math.floor(corner.x / TILE); x * TILE < corner.x + width; x += 1) {
        for (let y = Math.max(Math.floor(corner.y / TILE), 0); y * TILE < corner.y + height && y < count; y += 1) {
          wanted.set(`${this.zoom}/${x}/${y}`, { x, y });
        }
      }
      for (const image of [...this.tiles.children]) {
        if (!wanted.has(image.dataset.tile)) image.remove();
      }
      const present = new Map([...this.tiles.children].map((image) => [image.dataset.tile, image]));
      for (const [key, { x, y }] of wanted) {
        const image = present.get(key) || this.newTile(key, ((x % count) + count) % count, y);
        image.style.left = `${x * TILE - corner.x}px`;
        image.style.top = `${y * TILE - corner.y}px`;
      }
    }

    newTile(key, x, y) {
      const image = make("img", { alt: "", draggable: "false", referrerpolicy: "strict-origin-when-cross-origin" });
      image.dataset.tile = key;
      image.src = this.data.tiles.replace("{z}", this.zoom).replace("{x}", x).replace("{y}", y);
      this.tiles.append(image);
      return image;
    }

    say() {
      const { words } = this.data;
      const { place } = this;
      const text = place
        ? words.place.replace("%s", place.latitude.toFixed(5)).replace("%s", place.longitude.toFixed(5))
        : words.no_place;
      if (this.said.textContent !== text) this.said.textContent = text;
    }
  }

  const start = () => {
    for (const root of document.querySelectorAll("[data-map-picker]")) {
      const data = document.getElementById(root.dataset.mapPicker);
      if (data && root.hidden) new MapPicker(root, JSON.parse(data.textContent));
    }
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
