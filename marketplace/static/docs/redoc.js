// Starts Redoc on this page.
"use strict";

(() => {
  // Redoc has its maker's logo fetched from the maker's host, which would hear of every reader. It has no option for
  // that; the page's policy refuses the picture in any case, here it is not even asked for.
  const setAttribute = HTMLImageElement.prototype.setAttribute;
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name === "src" && new URL(value, document.baseURI).hostname === "cdn.redoc.ly") return;
    setAttribute.call(this, name, value);
  };

  const root = document.getElementById("redoc");
  const typeface = { fontFamily: "system-ui, sans-serif" };
  const theme = { typography: { ...typeface, headings: typeface } };
  window.Redoc.init(root.dataset.schema, { theme }, root);
})();
