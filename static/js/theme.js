// Runs before the first paint, so that a chosen theme never flashes. Everything else waits in house.js.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var chosen = localStorage.getItem("theme");
    var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
  } catch (error) {
    // Storage may be closed by policy; the system preference then rules through CSS alone.
  }
})();
