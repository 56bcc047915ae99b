// Patterns over segments, as scopes of API keys (`core:*`) and triggers of webhooks (`transport.*`) use them.

/** Whether a pattern covers the name: `*` stands for one segment, `**` for any number. */
export function covers(patterns, name, separator) {
  const oneSegment = `[^${RegExp.escape(separator)}]+`;
  return patterns.some((pattern) => {
    const segments = pattern
      .split(separator)
      .map((segment) => ({ "*": oneSegment, "**": ".*" })[segment] ?? RegExp.escape(segment));
    return new RegExp(`^${segments.join(RegExp.escape(separator))}$`).test(name);
  });
}
