/* Light or dark, set before the first paint: load it in <head> without defer.
   The person's choice is kept with the account and comes as data-theme-choice on <html>: light, dark or auto. Changes of the
   system's own setting are followed while it is auto, and told by the event `recaudo:theme`. */
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = root.dataset.themeChoice || "auto";
    root.dataset.bsTheme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    document.dispatchEvent(new CustomEvent("recaudo:theme", { detail: root.dataset.bsTheme }));
  };
  system.addEventListener("change", apply);
  apply();
})();
