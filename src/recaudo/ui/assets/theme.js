/* Light or dark, set before the first paint: load it in <head> without defer.
   The choice is kept in localStorage ("recaudo.theme": light, dark or auto) and told by the event `recaudo:theme`. */
(() => {
  const KEY = "recaudo.theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch {
      return "auto"; // storage is closed in private windows of some browsers
    }
  };
  const apply = () => {
    const choice = chosen();
    const theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    const root = document.documentElement;
    root.dataset.bsTheme = theme;
    root.dataset.themeChoice = choice;
    document.dispatchEvent(new CustomEvent("recaudo:theme", { detail: theme }));
  };
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set], [data-theme-toggle]");
    if (!button) return;
    const dark = document.documentElement.dataset.bsTheme === "dark";
    try {
      localStorage.setItem(KEY, button.dataset.themeSet || (dark ? "light" : "dark"));
    } catch {
      document.documentElement.dataset.bsTheme = dark ? "light" : "dark";
      return;
    }
    apply();
  });
  apply();
})();
