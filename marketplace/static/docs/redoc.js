// Starts Redoc on this page.
"use strict";

(() => {
  // Redoc has its maker's logo fetched from the maker's host, which would hear of every reader. It has no option for
  // that; the page's policy refuses the picture in any case, here it is not even asked for.
  const isElsewhere = (address) => String(address).startsWith("https://cdn.redoc.ly/");
  const picture = HTMLImageElement.prototype;
  const setAttribute = picture.setAttribute;
  picture.setAttribute = function (name, value) {
    if (name !== "src" || !isElsewhere(value)) setAttribute.call(this, name, value);
  };
  const source = Object.getOwnPropertyDescriptor(picture, "src");
  const set = function (value) {
    if (!isElsewhere(value)) source.set.call(this, value);
  };
  Object.defineProperty(picture, "src", { ...source, set });

  const root = document.getElementById("redoc");
  const typeface = { fontFamily: "system-ui, sans-serif" };
  const theme = { typography: { ...typeface, headings: typeface } };
  window.Redoc.init(root.dataset.schema, { theme }, root);
})();
