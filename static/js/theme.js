// Runs before the first paint, so that a chosen theme never flashes. Everything else waits in house.js.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var follow = function () {
    var chosen = localStorage.getItem("theme");
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light";
  };
  root.classList.add("js");
  try {
    follow();
    // A page that stays open at dusk follows the system, unless somebody chose.
    system.addEventListener("change", follow);
  } catch (error) {
    // Storage may be closed by policy; the system preference then rules through CSS alone.
  }
})();
