// The views of the lessons know JupyterLab's themes: tell them which one this page has.
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function follow() {
  const theme = document.body.dataset.theme;
  const isDark = theme === "dark" || (theme !== "light" && dark.matches);
  document.body.dataset.jpThemeLight = String(!isDark);
}

document.addEventListener("DOMContentLoaded", () => {
  follow();
  dark.addEventListener("change", follow);
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
});
