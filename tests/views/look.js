// What a person would see at once, for all outputs in the page: [what is wrong, …].
(selector) => {
  const wrong = [];
  const parsed = (color) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = ([r, g, b, a], below) => [r, g, b].map((each, i) => each * a + below[i] * (1 - a));
  const once = (work) => {
    const known = new Map();
    return (element) => known.get(element) ?? known.set(element, work(element)).get(element);
  };
  const behind = once((element) => {
    if (!element) return [255, 255, 255];
    const own = parsed(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  });
  const opacity = once((element) =>
    element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1);
  const luminance = (color) => {
    const [r, g, b] = color.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (element) => {
    const [r, g, b, a] = parsed(getComputedStyle(element).color);
    const below = behind(element);
    const text = over([r, g, b, a * opacity(element)], below);
    const [dark, light] = [luminance(text), luminance(below)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const scrolls = (element, end) => {
    for (let each = element; each && each !== end; each = each.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(each).overflowX)) return true;
    }
    return false;
  };
  for (const [index, output] of [...document.querySelectorAll(selector)].entries()) {
    const say = (what) => wrong.push(`${index}: ${what}`);
    if (output.querySelector("svg, style + svg")) say("an <svg> in the page");
    const right = output.getBoundingClientRect().right + 1;
    for (const element of output.querySelectorAll("*")) {
      if (element.tagName === "STYLE" || !element.checkVisibility()) continue;
      const words = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join(" ").trim();
      if (element.getBoundingClientRect().right > right && !scrolls(element, output)) say(`overflows: ${element.outerHTML.slice(0, 80)}`);
      if (words && contrast(element) < 4.5) say(`contrast ${contrast(element).toFixed(2)}: ${words.slice(0, 40)}`);
      if (element.tagName === "IMG") {
        if (!element.complete || !element.naturalHeight) say("an image that is not shown");
        else if (element.getBoundingClientRect().height < 60) say("an image without its height");
        if (!element.alt) say("an image without words");
      }
    }
  }
  return wrong;
}
