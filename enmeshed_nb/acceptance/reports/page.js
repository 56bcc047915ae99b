// Filters what is listed, by status, plan and words; without it all is shown.
document.documentElement.classList.add("js");
const filter = document.querySelector(".filter");
const shown = () => {
  const statuses = [...filter.querySelectorAll("[name=status]:checked")].map((box) => box.value);
  const plan = filter.elements.plan.value;
  const words = filter.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const one of document.querySelectorAll("[data-status]")) {
    const text = one.textContent.toLowerCase();
    const fits =
      (!statuses.length || statuses.includes(one.dataset.status)) &&
      (!plan || plan === one.dataset.plan) &&
      words.every((word) => text.includes(word));
    one.hidden = !fits;
    found += fits;
  }
  for (const section of document.querySelectorAll("[data-section]")) {
    section.hidden = !section.querySelector("[data-status]:not([hidden])");
  }
  document.querySelector(".nothing").style.display = found ? "none" : "block";
};
filter.addEventListener("input", shown);
filter.addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("reset", () => setTimeout(shown));
const open = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target && target.matches("details")) target.open = true;
};
addEventListener("hashchange", open);
open();
