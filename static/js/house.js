// Small helpers that make pages kinder. Every page works without them.
(function () {
  "use strict";

  const root = document.documentElement;
  const live = () => document.getElementById("live");
  const say = (words) => {
    if (live()) live().textContent = words;
  };
  const on = (kind, selector, act) =>
    document.addEventListener(kind, (event) => {
      const found = event.target instanceof Element ? event.target.closest(selector) : null;
      if (found) act(found, event);
    });
  const store = {
    get: (area, key) => {
      try {
        return area.getItem(key);
      } catch (error) {
        return null;
      }
    },
    set: (area, key, value) => {
      try {
        area.setItem(key, value);
      } catch (error) {
        // Full or closed storage: nothing is kept, nothing breaks.
      }
    },
    drop: (area, key) => {
      try {
        area.removeItem(key);
      } catch (error) {
        // As above.
      }
    },
  };

  // Theme -----------------------------------------------------------------
  const showTheme = () =>
    document.querySelectorAll("[data-theme-toggle]").forEach((button) => {
      button.setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
    });
  on("click", "[data-theme-toggle]", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    store.set(localStorage, "theme", root.dataset.theme);
    showTheme();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showTheme);

  // One submit per click ----------------------------------------------------
  const submitters = (form) =>
    Array.from(form.elements).filter((element) => element.type === "submit" || element.type === "image");
  const release = (form) => {
    delete form.dataset.sent;
    submitters(form).forEach((button) => {
      if (button.dataset.guarded) {
        button.disabled = false;
        button.removeAttribute("aria-busy");
        delete button.dataset.guarded;
      }
    });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("data-no-guard")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    // After this turn, so that the pressed button's own name and value still travel.
    window.setTimeout(() => {
      submitters(form).forEach((button) => {
        if (button.disabled) return;
        button.disabled = true;
        button.dataset.guarded = "1";
        if (button === event.submitter) button.setAttribute("aria-busy", "true");
      });
    }, 0);
    // A download leaves the page standing: give the button back.
    if (form.hasAttribute("data-download")) window.setTimeout(() => release(form), 4000);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form").forEach(release);
  });

  // Keep what was typed -----------------------------------------------------
  // Per tab, per person and per form; never passwords, files, hidden fields or those marked data-private.
  const who = () => document.body.dataset.user || "";
  const keyOf = (form) => `keep:${who()}:${location.pathname}:${form.dataset.keep || form.id}`;
  const keptKeys = () => {
    try {
      return Object.keys(sessionStorage).filter((key) => key.startsWith("keep:"));
    } catch (error) {
      // Closed storage holds nothing.
      return [];
    }
  };
  const keepable = (element) =>
    element.name &&
    !["password", "file", "hidden", "submit", "button", "reset"].includes(element.type) &&
    element.autocomplete !== "off" &&
    !element.hasAttribute("data-private");
  const keep = (form) => {
    const values = Array.from(form.elements)
      .filter(keepable)
      .map((element) =>
        element.type === "checkbox" || element.type === "radio"
          ? [element.name, element.value, element.checked]
          : [element.name, element.value]
      );
    store.set(sessionStorage, keyOf(form), JSON.stringify(values));
  };
  const restore = (form) => {
    const text = store.get(sessionStorage, keyOf(form));
    if (!text || form.querySelector('[aria-invalid="true"]')) return;
    JSON.parse(text).forEach(([name, value, checked]) => {
      Array.from(form.elements)
        .filter((element) => element.name === name && keepable(element))
        .forEach((element) => {
          if (checked === undefined) element.value = value;
          else if (element.value === value) element.checked = checked;
        });
    });
    form.dataset.restored = "1";
  };
  const settleKept = () => {
    const page = document.body.dataset.page;
    const pending = store.get(sessionStorage, "keep-pending");
    // A sign-in or error page in between is no success: what was typed must survive it.
    if (page === "login" || page === "error") {
      store.drop(sessionStorage, "keep-pending");
    } else if (pending) {
      const refused = document.querySelector('form[data-keep] [aria-invalid="true"], .faults');
      if (!refused) store.drop(sessionStorage, pending);
      store.drop(sessionStorage, "keep-pending");
    }
    document.querySelectorAll("form[data-keep]").forEach(restore);
    // Only where something was typed may a page promise that it is kept.
    if (keptKeys().length) document.querySelectorAll("[data-when-kept]").forEach((words) => { words.hidden = false; });
  };
  on("input", "form[data-keep]", keep);
  on("change", "form[data-keep]", keep);
  on("submit", "form[data-keep]", (form) => store.set(sessionStorage, "keep-pending", keyOf(form)));
  on("submit", "form[data-sign-out]", () => {
    keptKeys().forEach((key) => store.drop(sessionStorage, key));
    store.drop(sessionStorage, "keep-pending");
  });

  // Copy, close, fill -------------------------------------------------------
  on("click", "[data-copy], [data-copy-from]", (button) => {
    const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
    const text = source ? source.value || source.textContent.trim() : button.dataset.copy;
    const done = () => say(button.dataset.copied || "");
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(() => {
        done();
        button.classList.add("copied");
        window.setTimeout(() => button.classList.remove("copied"), 1600);
      });
    } else {
      const box = document.createElement("textarea");
      box.value = text;
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
      done();
    }
  });
  on("click", "[data-close]", (button) => {
    const box = button.closest(".notice");
    if (box) box.remove();
    const main = document.getElementById("main");
    if (main) main.focus();
  });
  on("click", "[data-print]", () => window.print());
  on("click", "[data-fill]", (button) => {
    const form = document.getElementById(button.dataset.fill);
    form.elements.namedItem("username").value = button.dataset.username;
    form.elements.namedItem("password").value = button.dataset.password;
    form.requestSubmit();
  });

  // File drop ---------------------------------------------------------------
  const size = (bytes) =>
    bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
  on("change", ".drop input[type=file]", (input) => {
    const box = input.closest(".drop");
    const shown = box.querySelector(".drop-file");
    const files = Array.from(input.files);
    const limit = Number(box.dataset.maxBytes || 0);
    const heavy = limit > 0 && files.some((file) => file.size > limit);
    box.classList.toggle("drop-filled", files.length > 0);
    box.classList.toggle("drop-toobig", heavy);
    shown.textContent = files.map((file) => `${file.name} · ${size(file.size)}`).join("，");
    input.setCustomValidity(heavy ? box.dataset.tooBig || "" : "");
    if (heavy) input.reportValidity();
  });
  ["dragenter", "dragover"].forEach((kind) => on(kind, ".drop", (box) => box.classList.add("drop-over")));
  ["dragleave", "drop"].forEach((kind) => on(kind, ".drop", (box) => box.classList.remove("drop-over")));

  // Dialogs and menus ---------------------------------------------------------
  on("click", "[data-dialog]", (link, event) => {
    const box = document.getElementById(link.dataset.dialog);
    if (!box || !box.showModal) return;
    event.preventDefault();
    box.showModal();
  });
  on("click", "[data-dialog-close]", (link, event) => {
    const box = link.closest("dialog");
    if (!box || !box.open) return;
    event.preventDefault();
    box.close();
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.usermenu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.usermenu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // On arrival ----------------------------------------------------------------
  const arrive = () => {
    showTheme();
    settleKept();
    // Beside a list there is room for what is folded on a phone.
    if (window.matchMedia("(min-width: 64rem)").matches) {
      document.querySelectorAll("details[data-open-wide]").forEach((box) => { box.open = true; });
    }
    const faults = document.querySelector(".faults");
    if (faults) faults.focus();
    document.querySelectorAll('.rail [aria-current="page"], .tabs [aria-current="page"]').forEach((here) => {
      const strip = here.closest(".rail, .tabs");
      if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
    });
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrive);
  else arrive();
})();
